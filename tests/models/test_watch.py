"""Watching layers and attention changes nothing, and what is recorded is what the layer really gave."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seewhy.errors import NoAttention, UnknownLayer
from seewhy.models.torch_module import TorchModel

IMAGES = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))


class Residual(nn.Module):
    """Conv, in-place ReLU right behind it, and an in-place sum right behind the second conv."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.relu = nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=True)
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        self.head = nn.Linear(4, 5)
        self.unused = nn.Conv2d(3, 4, 1)

    def forward(self, images: Tensor) -> Tensor:
        first = self.relu(self.conv(images))
        second = self.second(first)
        second += first
        return self.head(self.relu(second).mean((2, 3)))


def hooks(module: nn.Module) -> int:
    return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in module.modules())


def test_an_in_place_operation_behind_the_layer_cannot_change_what_was_recorded() -> None:
    model = TorchModel(Residual())
    with model.borrowed(), model.watching(["conv"]) as watch, torch.no_grad():
        model(IMAGES)
    expected = model.module.conv(IMAGES)
    assert float(expected.detach().min()) < 0
    torch.testing.assert_close(watch.layers["conv"], expected)


def test_writing_into_what_a_layer_only_handed_on_cannot_change_what_was_recorded() -> None:
    class HandsOn(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.same = nn.Conv2d(3, 4, 3), nn.Identity()

        def forward(self, images: Tensor) -> Tensor:
            maps = self.conv(images)
            copy = self.same(maps)
            maps.zero_()
            return copy.mean((2, 3))

    model = TorchModel(HandsOn())
    with model.borrowed(), model.watching(["same"]) as watch, torch.no_grad():
        model(IMAGES)
    torch.testing.assert_close(watch.layers["same"], model.module.conv(IMAGES))


def test_several_layers_get_their_gradients_from_one_pass() -> None:
    model = TorchModel(Residual())
    with model.borrowed(), model.watching(["conv", "second"]) as watch:
        outputs = model(IMAGES)
    slopes = torch.autograd.grad(outputs[:, 1].sum(), [watch.layers["conv"], watch.layers["second"]])
    module = model.module
    conv = module.conv(IMAGES).detach().requires_grad_()
    first = F.relu(conv)
    second = module.second(first)
    out = module.head(F.relu(second + first).mean((2, 3)))
    for found, expected in zip(slopes, torch.autograd.grad(out[:, 1].sum(), [conv, second]), strict=True):
        torch.testing.assert_close(found, expected)


def test_the_graph_starts_at_the_earliest_layer() -> None:
    model = TorchModel(Residual())
    with model.borrowed(), model.watching(["conv", "second"]) as watch:
        model(IMAGES)
    assert watch.layers["conv"].is_leaf
    assert not watch.layers["second"].is_leaf


def test_with_gradients_at_the_pixels_the_graph_goes_through() -> None:
    model, images = TorchModel(Residual()), IMAGES.clone().requires_grad_()
    with model.borrowed(), model.watching(["conv"]) as watch:
        outputs = model(images)
    pixels, layer = torch.autograd.grad(outputs[:, 1].sum(), [images, watch.layers["conv"]])
    assert bool(pixels.any())
    assert bool(layer.any())


@pytest.mark.parametrize(("layer", "words"), [("relu", "runs 2 times"), ("unused", "gave no tensor")])
def test_a_layer_that_runs_twice_or_never_is_refused(layer: str, words: str) -> None:
    model = TorchModel(Residual())
    with pytest.raises(UnknownLayer, match=words), model.borrowed(), model.watching([layer]):
        model(IMAGES)
    assert hooks(model.module) == 0


def test_a_second_call_starts_afresh() -> None:
    model = TorchModel(Residual())
    with model.borrowed(), model.watching(["conv"]) as watch, torch.no_grad():
        model(IMAGES)
        model(IMAGES[:1])
    assert len(watch.layers["conv"]) == 1


def test_no_attention_is_an_error_and_never_an_empty_list() -> None:
    model = TorchModel(Residual())
    with pytest.raises(NoAttention, match="No attention ran"), model.borrowed(), model.watching(attention=True):
        model(IMAGES)
    assert hooks(model.module) == 0


class Structured(nn.Module):
    """A layer that returns its tensor inside another object."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, images: Tensor) -> object:
        from transformers.modeling_outputs import BaseModelOutput

        index = torch.zeros(2, dtype=torch.long)
        return {
            "tuple": (index, images),
            "list": [images, index],
            "dict": {"index": index, "map": images},
            "object": BaseModelOutput(last_hidden_state=images),
        }[self.kind]


@pytest.mark.parametrize(
    ("kind", "pick"), [("tuple", 1), ("list", 0), ("dict", "map"), ("object", "last_hidden_state")]
)
def test_a_layer_that_returns_more_than_a_tensor_is_watched_at_its_first_map(kind: str, pick: int | str) -> None:
    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.scale = Structured(kind), nn.Parameter(torch.ones(()))

        def forward(self, images: Tensor) -> Tensor:
            return (self.scale * self.inner(images)[pick]).mean((2, 3))

    model = TorchModel(Outer())
    with model.borrowed(), model.watching(["inner"]) as watch:
        outputs = model(IMAGES)
    torch.testing.assert_close(watch.layers["inner"], IMAGES)
    assert bool(torch.autograd.grad(outputs[:, 0].sum(), watch.layers["inner"])[0].any())


def test_compiled_parts_are_watched_as_plain_python() -> None:
    module = Residual()
    module.compile(backend="eager")
    module.conv = torch.compile(module.conv, backend="eager")
    model = TorchModel(module)
    with model.borrowed():
        plain = model(IMAGES)
        with model.watching(["second", "conv._orig_mod"]) as watch:
            torch.testing.assert_close(model(IMAGES), plain)
    assert set(watch.layers) == {"second", "conv._orig_mod"}
