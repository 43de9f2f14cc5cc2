"""Bending the way back leaves the answer, the network and the world as they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn

from seewhy.errors import ModelFailed
from seewhy.inputs.preprocess import Preprocess
from seewhy.models.adapt import adapt
from seewhy.models.bending import Call, Rectified
from seewhy.models.implicit_biases import Balanced, Biases, ConstantAttention
from seewhy.models.rescaling import Reference, Rescaled
from seewhy.testing.as_found import left_as_found
from seewhy.testing.tiny_models import pictures, seeded, tiny_cnn, tiny_vit


class Overwriting(nn.Module):
    """Everything in place, as statements, and used again afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.first(images)
        maps += 0.1
        F.relu(maps, inplace=True)
        skip = maps
        maps = self.second(maps).sub_(0.2)
        maps.clamp_(min=0)
        maps += skip
        F.silu(maps, inplace=True)
        maps *= maps.mean(dim=(2, 3), keepdim=True)
        return maps.mean(dim=(2, 3))


NETWORKS: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "cnn": (tiny_cnn, 24),
    "vit": (tiny_vit, 24),
    "overwriting": (lambda: seeded(Overwriting).eval(), 24),
    "resnet": (lambda: seeded(lambda: torchvision.models.resnet18(num_classes=4)).eval(), 32),
    "gates": (lambda: seeded(lambda: torchvision.models.mobilenet_v3_small(num_classes=4)).eval(), 32),
}
MODES = {
    "guided": lambda: [Rectified(sloped=True)],
    "deconvolution": lambda: [Rectified(sloped=False)],
    "reference": lambda: [Reference()],
    "biases": lambda: [Biases()],
    "balanced": lambda: [Balanced(), ConstantAttention()],
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", NETWORKS)
def test_a_bent_network_answers_as_before(name: str, mode: str) -> None:
    build, side = NETWORKS[name]
    model, images = adapt(build(), preprocess=Preprocess.plain()), pictures(2, 3, side, side).requires_grad_()
    with model.borrowed():
        expected = model(images)
        with left_as_found(model.module), model.bending(MODES[mode]()):
            found = model(images)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("name", ["cnn", "overwriting", "resnet"])
def test_towards_itself_a_rescaled_network_has_its_plain_gradient(name: str) -> None:
    build, side = NETWORKS[name]
    model, images = adapt(build(), preprocess=Preprocess.plain()), pictures(2, 3, side, side).requires_grad_()
    with model.borrowed():
        (expected,) = torch.autograd.grad(model(images)[:, 1].sum(), images)
        reference = Reference()
        with torch.no_grad(), model.bending([reference]):
            model(images)
        with model.bending([Rescaled(reference.calls)]):
            (found,) = torch.autograd.grad(model(images)[:, 1].sum(), images)
    torch.testing.assert_close(found, expected, atol=1e-6 * float(expected.abs().max()), rtol=1e-4)


def test_biases_that_are_added_and_overwritten_in_place_are_kept() -> None:
    model, images = adapt(NETWORKS["overwriting"][0](), preprocess=Preprocess.plain()), pictures(1, 3, 24, 24)
    images.requires_grad_()
    with model.borrowed(), model.bending([biases := Balanced()]):
        score = model(images)[0, 1]
    expected, slopes = (
        float(score.detach()),
        torch.autograd.grad(score, [images, *(term.answer for term in biases.found)]),
    )
    parts = [float((slopes[0] * images.detach()).sum())]
    parts += [float((slope * term.bias).sum()) for slope, term in zip(slopes[1:], biases.found, strict=True)]
    assert [term.name for term in biases.found] == ["conv2d", "add", "conv2d", "sub", "clamp"]
    assert sum(parts) == pytest.approx(expected, rel=1e-5)
    assert max(map(abs, parts[1:])) > 0.1 * abs(expected)


def test_the_modes_are_gone_when_the_network_raises() -> None:
    class Broken(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            raise RuntimeError("planted")

    model = adapt(Broken(), preprocess=Preprocess.plain())
    modes = [Biases(), ConstantAttention()]
    with left_as_found(model.module), pytest.raises(ModelFailed, match="planted"), model.bending(modes):
        model(pictures(1, 3, 8, 8))


@pytest.mark.parametrize(
    ("write", "name"),
    [
        (lambda x: x + 1, "add"), (lambda x: 1 + x, "add"), (lambda x: x.add_(1), "add"), (lambda x: 1 - x, "rsub"),
        (lambda x: x * 2, "mul"), (lambda x: x**2, "pow"), (lambda x: x.relu_(), "relu"), (lambda x: x / 2, "div"),
        (lambda x: F.relu6(x), "relu6"), (lambda x: nn.ReLU6()(x), "hardtanh"), (lambda x: x @ x.mT, "matmul"),
        (lambda x: F.max_pool2d(x, 2), "max_pool2d"), (lambda x: torch.cat([x, x]), "cat"),
    ],
)  # fmt: skip
def test_functions_have_one_name_however_they_are_written(write: Callable[[Tensor], object], name: str) -> None:
    heard: list[str] = []

    class Listening(Biases):
        def answer(self, call: Call) -> object:
            heard.append(call.name)
            return call.plain()

    with Listening():
        write(torch.rand(1, 2, 4, 4))
    assert heard[-1] == name
