"""CAM where the weights of the class are written in the network, and refusals where there are none."""

import numpy as np
import pytest
import torch
from test_oracle_cams import IMAGE, Pooled, SeesOneQuadrant
from torch import nn

import seewhy
from seewhy.domain.capability import Capability
from seewhy.errors import MissingCapability
from seewhy.models.adapt import adapt
from seewhy.testing.tiny_models import seeded


class Head(nn.Module):
    """Convolution and ReLU, then whatever head is given."""

    def __init__(self, head):
        super().__init__()
        self.features, self.head = nn.Sequential(nn.Conv2d(3, 5, 4, stride=4), nn.ReLU()), head

    def forward(self, images):
        return self.head(self.features(images))


POOL, FLAT = nn.AdaptiveAvgPool2d(1), nn.Flatten()
HEADS = {
    "a hidden layer": (lambda: nn.Sequential(POOL, FLAT, nn.Linear(5, 9), nn.ReLU(), nn.Linear(9, 3)), "not linear"),
    "a norm": (lambda: nn.Sequential(POOL, FLAT, nn.LayerNorm(5), nn.Linear(5, 3)), "not linear"),
    "the largest": (lambda: nn.Sequential(nn.AdaptiveMaxPool2d(1), FLAT, nn.Linear(5, 3)), "more than the mean"),
    "every place": (lambda: nn.Sequential(FLAT, nn.Linear(320, 3)), "more than the mean"),
}


def cam(network, target, **options):
    asked = {"method": "cam", "target": target, "scale": "logit", "sign": "both"}
    return seewhy.explain(network, IMAGE, **{**asked, **options})


def test_each_class_weighs_the_features_as_its_row_of_the_head_says():
    network = Pooled().eval()
    with torch.no_grad():
        features, score = network.features(IMAGE[None])[0], network(IMAGE[None])[0]
    for target, row in enumerate(network.head.weight.detach()):
        values = cam(network, target).values
        np.testing.assert_allclose(values, torch.einsum("k,kyx->yx", row, features), rtol=1e-4, atol=1e-6)
        assert values.mean() == pytest.approx(float(score[target] - network.head.bias.detach()[target]), rel=1e-4)
        np.testing.assert_allclose(cam(network, target, sign="positive").values, np.maximum(values, 0), atol=1e-6)


def test_a_contrast_weighs_by_the_difference_of_two_rows():
    network = Pooled().eval()
    both = cam(network, seewhy.Contrast(0, 2)).values
    np.testing.assert_allclose(both, cam(network, 0).values - cam(network, 2).values, atol=1e-6)


@pytest.mark.parametrize("head", HEADS)
def test_a_head_that_does_more_than_pool_and_weigh_is_refused_with_the_reason(head):
    build, reason = HEADS[head]
    network = seeded(lambda: Head(build())).eval()
    with pytest.raises(MissingCapability, match=reason) as refused:
        cam(network, 0)
    assert "grad-cam" in refused.value.fix
    with pytest.raises(MissingCapability):
        cam(SeesOneQuadrant().eval(), 0)


def test_a_head_of_one_by_one_convolutions_and_scaled_logits_is_as_good_as_a_linear_layer():
    class Scaled(nn.Module):
        def forward(self, maps):
            return 3 * maps.mean(dim=(2, 3))

    network = seeded(lambda: Head(nn.Sequential(nn.Conv2d(5, 3, 1), Scaled()))).eval()
    model = adapt(network)
    model.meet((3, 32, 32))
    assert Capability.POOLING in model.capabilities
    assert cam(network, 1).values.mean() == pytest.approx(float(network(IMAGE[None])[0, 1]), rel=1e-4)
