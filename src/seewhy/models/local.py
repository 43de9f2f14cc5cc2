"""Recorded calls that act on every place by itself, or on several maps place by place."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from .tape import Call, Tape

ALONE = {
    "relu", "relu_", "relu6", "hardtanh", "hardtanh_", "leaky_relu", "leaky_relu_", "silu", "gelu", "sigmoid", "tanh",
    "hardswish", "hardsigmoid", "elu", "mish", "softplus", "clamp", "clamp_", "dropout", "batch_norm", "contiguous",
    "clone", "detach", "feature_dropout",
}  # fmt: skip
TOGETHER = {
    "add", "add_", "__add__", "__iadd__", "__radd__", "sub", "__sub__", "mul", "mul_", "__mul__", "__imul__", "cat",
}  # fmt: skip


def alone(call: Call) -> bool:
    """Whether a call makes one map of one, place by place; it needs no other place of the map."""
    return call.name in ALONE and len(call.values) == 1


def together(call: Call, tape: Tape) -> bool:
    """Whether a call joins maps of one space place by place, and constants of a channel at most."""
    if call.name not in TOGETHER:
        return False
    maps = [tape.shapes[value.index] for value in call.values]
    rest = [leaf for leaf in tree_leaves((call.args, dict(call.kwargs))) if isinstance(leaf, Tensor)]
    same = all(len(shape) > 2 and shape[2:] == maps[0][2:] for shape in maps)
    channels = all(math.prod(t.shape[-(len(maps[0]) - 2) :]) == 1 for t in rest)
    return same and channels and not (call.name == "cat" and _dim(call) not in (1, 1 - len(maps[0])))


def _dim(call: Call) -> int:
    return int(call.kwargs.get("dim", call.args[1] if len(call.args) > 1 else 0))


def space_of(shape: torch.Size) -> tuple[int, ...]:
    """Time, height and width of a map (n, k, *space)."""
    return tuple(shape[2:])
