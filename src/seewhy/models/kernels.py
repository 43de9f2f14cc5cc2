"""Convolutions and poolings as kernels that move over a map, and borders in front of them, read from recorded calls."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .crops import fitted
from .tape import Call, Value

CONV = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
MAXPOOL = ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
AVGPOOL = ("input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")
KERNELS = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), CONV),
    **dict.fromkeys(("max_pool1d", "max_pool2d", "max_pool3d", "_max_pool2d", "_max_pool3d"), MAXPOOL),
    **dict.fromkeys(("avg_pool2d", "avg_pool3d"), AVGPOOL),
}  # fmt: skip


@dataclass(frozen=True)
class Kernel:
    """How a convolution or pooling moves over its input, per axis."""

    size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    outside: float  # what lies beyond the border

    def spread(self, first: Tensor, end: Tensor, space: Sequence[int]) -> tuple[Tensor, Tensor]:
        """What changes from the first places (n, axes) up to the ends change in an output of this space."""
        span = torch.tensor([d * (k - 1) for d, k in zip(self.dilation, self.size, strict=True)])
        stride, padding, limits = torch.tensor(self.stride), torch.tensor(self.padding), torch.tensor(space)
        first = -((-(first + padding - span)).div(stride, rounding_mode="floor"))
        last = (end - 1 + padding).div(stride, rounding_mode="floor")
        return first.clamp(min=0).minimum(limits), (last + 1).minimum(limits)

    def reach(self, start: Tensor, size: Sequence[int], space: Sequence[int]) -> tuple[Tensor, tuple[int, ...]]:
        """The first place and the common size of what a patch of the input changes in the output."""
        return fitted(*self.spread(start, start + torch.tensor(size), space), space)


def kernel_of(call: Call) -> Kernel | None:
    """The kernel of a call, or None where it is not one that can be cut into patches."""
    given = bound(call, KERNELS[call.name])
    conv = call.name.startswith("conv")
    if len(call.values) != 1 or given.get("ceil_mode") or given.get("return_indices"):
        return None
    axes = 3 if call.name.endswith("3d") else 2 if call.name.endswith("2d") else 1
    size = tuple(given["weight"].shape[2:]) if conv else _each(given["kernel_size"], axes)
    stride = _each(given.get("stride") or (1 if conv else size), axes)
    padding, dilation = given.get("padding", 0), _each(given.get("dilation", 1), axes)
    if isinstance(padding, str):
        return None
    padding = _each(padding, axes)
    average = call.name.startswith("avg")
    if average and any(padding) and not given.get("count_include_pad", True):
        return None
    return Kernel(size, stride, padding, dilation, 0.0 if conv or average else -math.inf)


def border_of(call: Call) -> tuple[int, ...] | None:
    """How far a call moves every place by a constant border in front, per axis; None where it is no such call."""
    if call.name != "pad" or len(call.values) != 1:
        return None
    given = bound(call, ("input", "pad", "mode", "value"))
    sides = tuple(given["pad"])
    if given.get("mode", "constant") != "constant" or min(sides, default=0) < 0 or not isinstance(call.args[0], Value):
        return None
    return tuple(reversed(sides[::2]))


def slide(call: Call, crop: Tensor) -> Tensor:
    """The call on a crop that brings its own border."""
    given = {**bound(call, KERNELS[call.name]), "input": crop, "padding": 0}
    function: Callable[..., Tensor] = call.function
    return function(**given)


def _each(value: Any, axes: int) -> tuple[int, ...]:
    return (int(value),) * axes if isinstance(value, int) else tuple(map(int, value)) * (axes if len(value) == 1 else 1)


def bound(call: Call, names: Sequence[str]) -> dict[str, Any]:
    return {**dict(zip(names, call.args, strict=False)), **call.kwargs}
