"""A prepared network answers as the network does, is a copy, and is left out where it cannot be."""

import pytest
import torch
from torch import nn
from torchvision import models

import seewhy
from seewhy.models.prepared import as_wanted, prepared
from seewhy.testing.tiny_models import pictures, tiny_vit


def trained(network):
    """Batch norms with statistics of their own, so that folding has something to do."""
    torch.manual_seed(3)
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d | nn.BatchNorm3d):
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.normal_(part.bias, std=0.1)
            part.running_mean.normal_(std=0.1)
            part.running_var.uniform_(0.5, 1.5)
    return network.eval()


@pytest.mark.parametrize("build", [models.resnet18, models.mobilenet_v2, models.densenet121])
def test_a_prepared_network_answers_alike_without_its_batch_norms(build):
    network, images = trained(build(num_classes=7)), pictures(2, 3, 64, 64)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    copy = prepared(network, images)
    with torch.no_grad():
        expected, found = network(images), copy(as_wanted(images))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))
    norms = [sum(isinstance(part, nn.BatchNorm2d) for part in net.modules()) for net in (network, copy)]
    assert norms[1] < norms[0]  # a norm before its convolution stays
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert set(dict(network.named_modules())) <= set(dict(copy.named_modules()))


def test_timm_norms_keep_their_activation_when_they_are_folded():
    timm = pytest.importorskip("timm")
    network, images = trained(timm.create_model("efficientnet_lite0", num_classes=5)), pictures(1, 3, 64, 64)
    copy = prepared(network, images)
    assert not any(isinstance(part, nn.BatchNorm2d) for part in copy.modules())
    with torch.no_grad():
        torch.testing.assert_close(copy(as_wanted(images)), network(images), rtol=1e-3, atol=1e-4)


def test_a_norm_that_reads_a_convolution_used_elsewhere_is_not_folded_wrongly():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)

        def forward(self, images):
            raw = self.conv(images)
            return (self.norm(raw) + raw).mean(dim=(2, 3))

    assert prepared(trained(Twice()), pictures(1, 3, 16, 16)) is None


def test_a_network_without_convolutions_or_one_that_cannot_be_copied_is_asked_as_it_is():
    class Uncopied(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def __deepcopy__(self, memo):
            raise RuntimeError("there is only one of me")

        def forward(self, images):
            return self.conv(images).mean(dim=(2, 3))

    assert prepared(nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 2)), pictures(1, 3, 8, 8)) is None
    assert prepared(Uncopied().eval(), pictures(1, 3, 16, 16)) is None
    found = seewhy.explain(Uncopied(), pictures(1, 3, 64, 64), method="occlusion")[0]
    assert set(found.origin.ran) == {"incremental", "plain"}


def test_new_weights_are_prepared_anew():
    network, image = trained(models.resnet18(num_classes=3)), pictures(1, 3, 64, 64)[0]
    first = seewhy.explain(network, image, method="occlusion", target=1).values
    with torch.no_grad():
        network.fc.weight.mul_(3.0)
    second, plain = (
        seewhy.explain(network, image, method="occlusion", target=1, backend=b).values for b in ("auto", "plain")
    )
    torch.testing.assert_close(torch.from_numpy(second), torch.from_numpy(plain), rtol=1e-3, atol=1e-4)
    assert abs(second - first).max() > 0.1 * abs(first).max()


def test_a_transformer_has_nothing_to_fold_but_its_patch_embedding_and_answers_alike():
    network, images = tiny_vit().eval(), pictures(1, 3, 24, 24)
    copy = prepared(network, images)
    with torch.no_grad():
        torch.testing.assert_close((copy or network)(as_wanted(images)), network(images), rtol=1e-4, atol=1e-5)
