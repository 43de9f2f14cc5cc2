"""Finer-CAM on a network whose weights are written down: what classes share cancels, what sets them apart stays."""

import numpy as np
import pytest
import torch
from torch import nn

import seewhy
from seewhy.errors import BadTarget

WEIGHTS = torch.tensor([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.9, 0.1, 0.4], [0.0, 0.0, -3.0]])


class Birds(nn.Module):
    """Channels are body, crest and tail; the first two classes share the body."""

    def __init__(self):
        super().__init__()
        self.features = nn.Conv2d(3, 3, 1, bias=False)
        nn.init.dirac_(self.features.weight)
        self.head = nn.Linear(3, 4, bias=False)
        self.head.weight.data.copy_(WEIGHTS * 16)

    def forward(self, images):
        return self.head(self.features(images).mean(dim=(2, 3)))


IMAGE = torch.zeros(3, 4, 4)
IMAGE[0, 1:3], IMAGE[1, 0, 0], IMAGE[2, 3, 3] = 0.5, 1.0, 0.8


def finer(**options):
    asked = {"method": "finer-cam", "layer": "features", "target": 0, "scale": "logit", "sign": "both"}
    return seewhy.explain(Birds().eval(), IMAGE, preprocess=seewhy.Preprocess.plain(), **{**asked, **options})


def expected(classes, share):
    weights = WEIGHTS[0] - share * WEIGHTS[classes].mean(dim=0)
    return (weights[:, None, None] * IMAGE).sum(dim=0).numpy()


def test_against_its_twin_only_what_sets_the_class_apart_is_left():
    found = finer(rivals=1, share=1.0)
    np.testing.assert_allclose(found.values, expected([1], 1.0), atol=1e-6)
    assert found.values[0, 0] == pytest.approx(1.0)  # the crest
    assert found.values[3, 3] == pytest.approx(-0.8)  # the other's tail
    assert not found.values[1:3].any()  # the body, which both have


@pytest.mark.parametrize(("rivals", "share"), [(1, 0.6), (2, 0.6), (3, 0.3), (9, 1.0)])
def test_the_mean_of_the_nearest_classes_is_subtracted(rivals, share):
    # the scores are 5, 4.8, 4.02 and -2.4: class 1 is nearest, then 2, then 3
    found = finer(rivals=rivals, share=share)
    np.testing.assert_allclose(found.values, expected([1, 2, 3][:rivals], share), atol=1e-6)
    assert any("Set apart from: class 1" in check.message for check in found.checks)


def test_without_a_share_it_is_grad_cam():
    np.testing.assert_allclose(finer(share=0.0).values, finer(method="grad-cam").values, atol=1e-6)


def test_a_contrast_or_a_function_is_refused_because_it_has_no_similar_classes():
    for target in (seewhy.Contrast(0, 1), lambda outputs: outputs[:, 0]):
        with pytest.raises(BadTarget, match="no classes to set"):
            finer(target=target)
