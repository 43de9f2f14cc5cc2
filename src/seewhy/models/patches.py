"""Only what a change can reach is computed again: patches of every map, the rest from one clean pass.

The idea is Krypton's (Nakandala et al. 2019, SIGMOD). Each layer lays the patch over a crop of the clean map that holds
one kernel of context; all rows share one patch size, so a layer is one batched call. Exact up to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from .crops import fitted, laid_over
from .kernels import CONV, KERNELS, Kernel, border_of, bound, kernel_of, slide
from .tape import Call, Tape, Value

WHOLE = 0.75  # share of a map from which on it is computed as a whole
ALONE = {
    "relu", "relu_", "relu6", "hardtanh", "hardtanh_", "leaky_relu", "leaky_relu_", "silu", "gelu", "sigmoid", "tanh",
    "hardswish", "hardsigmoid", "elu", "mish", "softplus", "clamp", "clamp_", "dropout", "batch_norm", "contiguous",
    "clone", "detach", "feature_dropout",
}  # fmt: skip
TOGETHER = {
    "add", "add_", "__add__", "__iadd__", "__radd__", "sub", "__sub__", "mul", "mul_", "__mul__", "__imul__", "cat",
}  # fmt: skip


@dataclass(frozen=True)
class Patch:
    """Where and how the maps of n rows differ from the clean one: (n, k, *size), the first place of each (n, axes)."""

    values: Tensor
    start: Tensor

    @property
    def size(self) -> tuple[int, ...]:
        return tuple(self.values.shape[2:])


class Patches:
    """A network's pass over one image, ready to answer for copies of it that differ in a small place."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self._padded: dict[tuple[int, tuple[int, ...], float], Tensor] = {}

    def work(self, size: Sequence[int]) -> float:
        """The share of the multiplications of a whole pass that a patch of this size needs, at most."""
        start = torch.zeros(1, len(size), dtype=torch.long)
        here: dict[int, tuple[Tensor, tuple[int, ...]] | None] = {0: (start, tuple(size))}
        done = whole = 0
        for call in self.tape.calls:
            reached = self._reached(call, here)
            for made in _made(call):
                here[made.index] = reached
            if call.name.startswith("conv"):
                out = self.tape.clean[_made(call)[0].index]
                cost = out[0, 0].numel() * bound(call, CONV)["weight"].numel()
                whole += cost
                places = out[0, 0].numel() if reached is None else min(out[0, 0].numel(), math.prod(reached[1]))
                done += cost * places // out[0, 0].numel()
        return done / whole if whole else 1.0

    def __call__(self, patch: Patch) -> Any:
        """The network's answer for the rows of a patch of its (normalised) input."""
        here: dict[int, Patch | Tensor] = {0: patch}
        rows = len(patch.values)
        for at, call in enumerate(self.tape.calls):
            if not any(value.index in here for value in call.values):
                continue  # it made something of the shape alone
            made = self._run(call, here, rows)
            for value, tensor in zip(_made(call), made, strict=True):
                here[value.index] = tensor
            for index in [i for i in here if self.tape.last_use.get(i, -1) <= at]:
                del here[index]
        return tree_map(
            lambda leaf: self._whole(leaf, here, rows) if isinstance(leaf, Value) else leaf, self.tape.answer
        )

    # -- one call

    def _run(self, call: Call, here: dict[int, Patch | Tensor], rows: int) -> list[Patch | Tensor]:
        changed = [here.get(value.index) for value in call.values]
        small = all(isinstance(part, Patch) for part in changed)
        if small and call.name in ALONE and len(changed) == 1:
            (patch,) = changed
            assert isinstance(patch, Patch)
            values = _own(patch.values)
            return [Patch(call.run(lambda _: values), patch.start)]
        if small and call.name in KERNELS and (kernel := kernel_of(call)) is not None:
            found = self._slid(call, kernel, here)
            if found is not None:
                return [found]
        if small and (before := border_of(call)) is not None:
            (patch,) = changed
            assert isinstance(patch, Patch)
            return [Patch(patch.values, patch.start + torch.tensor(before))]
        if small and call.name in TOGETHER and self._one_space(call):
            return [self._joined(call, here)]
        answer = _for_rows(call, rows).run(lambda value: self._whole(value, here, rows))
        return [leaf for leaf in tree_leaves(answer) if isinstance(leaf, Tensor)]

    def _slid(self, call: Call, kernel: Kernel, here: dict[int, Patch | Tensor]) -> Patch | None:
        """A kernel moved over the patch and as much of the clean map as it needs beside it."""
        (value,) = call.values
        patch = here[value.index]
        assert isinstance(patch, Patch)
        space = self.tape.clean[_made(call)[0].index].shape[2:]
        start, size = kernel.reach(patch.start, patch.size, space)
        if math.prod(size) > WHOLE * math.prod(space):
            return None
        need = [
            (count - 1) * s + d * (k - 1) + 1
            for count, s, d, k in zip(size, kernel.stride, kernel.dilation, kernel.size, strict=True)
        ]
        around = self._cached(value.index, kernel.padding, kernel.outside)
        corner = start * torch.tensor(kernel.stride)
        crop = laid_over(around, corner, need, patch.values, patch.start + torch.tensor(kernel.padding) - corner)
        return Patch(slide(call, crop), start)

    def _joined(self, call: Call, here: dict[int, Patch | Tensor]) -> Patch:
        """Several patches brought to one place and size."""
        patches = {value.index: here[value.index] for value in call.values}
        found = [patch for patch in patches.values() if isinstance(patch, Patch)]
        first = torch.stack([patch.start for patch in found]).amin(dim=0)
        end = torch.stack([patch.start + torch.tensor(patch.size) for patch in found]).amax(dim=0)
        start, size = fitted(first, end, self.tape.clean[call.values[0].index].shape[2:])

        def grown(value: Value) -> Tensor:
            patch = patches[value.index]
            assert isinstance(patch, Patch)
            if patch.size == size and torch.equal(patch.start, start):
                return _own(patch.values)
            none = (0,) * len(size)
            return laid_over(self._cached(value.index, none, 0.0), start, size, patch.values, patch.start - start)

        return Patch(call.run(grown), start)

    def _one_space(self, call: Call) -> bool:
        """Whether all tensors of a call are maps of one space, or constants of a channel."""
        maps = [self.tape.clean[value.index] for value in call.values]
        rest = [leaf for leaf in tree_leaves((call.args, dict(call.kwargs))) if isinstance(leaf, Tensor)]
        same = all(m.ndim > 2 and m.shape[2:] == maps[0].shape[2:] for m in maps)
        channels = all(math.prod(t.shape[-(maps[0].ndim - 2) :]) == 1 for t in rest)
        return same and channels and not (call.name == "cat" and _dim(call) not in (1, 1 - maps[0].ndim))

    def _reached(
        self, call: Call, here: dict[int, tuple[Tensor, tuple[int, ...]] | None]
    ) -> tuple[Tensor, tuple[int, ...]] | None:
        """Where and how large the change is behind a call; None: everywhere."""
        parts = [here.get(value.index) for value in call.values]
        sizes = [part for part in parts if part is not None]
        if not sizes or len(sizes) < len(parts):
            return None
        if call.name in KERNELS and (kernel := kernel_of(call)) is not None:
            space = self.tape.clean[_made(call)[0].index].shape[2:]
            middle = torch.tensor(self.tape.clean[call.values[0].index].shape[2:]) // 2 - torch.tensor(sizes[0][1]) // 2
            found = kernel.reach(middle[None].clamp(min=0), sizes[0][1], space)
            return None if math.prod(found[1]) > WHOLE * math.prod(space) else found
        if call.name in ALONE or border_of(call) is not None or (call.name in TOGETHER and self._one_space(call)):
            return max(sizes, key=lambda part: math.prod(part[1]))
        return None

    # -- clean maps

    def _whole(self, value: Value, here: dict[int, Patch | Tensor], rows: int) -> Tensor:
        clean = self.tape.clean[value.index]
        part = here.get(value.index)
        if isinstance(part, Tensor):
            return part
        if part is None:
            return clean.expand(rows, *clean.shape[1:]) if clean.ndim and len(clean) == 1 else clean
        space = tuple(clean.shape[2:])
        origin = torch.zeros_like(part.start)
        return laid_over(self._cached(value.index, (0,) * len(space), 0.0), origin, space, part.values, part.start)

    def _cached(self, index: int, padding: tuple[int, ...], outside: float) -> Tensor:
        """A clean map with its channels last and a border around it: (*space, k)."""
        key = (index, padding, outside)
        if key not in self._padded:
            sides = [side for pad in reversed(padding) for side in (pad, pad)]
            self._padded[key] = F.pad(self.tape.clean[index][0], sides, value=outside).movedim(0, -1).contiguous()
        return self._padded[key]


def _for_rows(call: Call, rows: int) -> Call:
    """A new shape that was written down for one image, for so many."""
    if call.name not in ("view", "reshape") or len(call.args) < 2 or call.kwargs:
        return call
    shape = call.args[1] if isinstance(call.args[1], tuple | list) else call.args[1:]
    return replace(call, args=(call.args[0], (rows, *shape[1:]))) if shape[0] == 1 else call


def _own(values: Tensor) -> Tensor:
    """A copy, for the call may write into it."""
    return values.clone()


def _made(call: Call) -> list[Value]:
    return [leaf for leaf in tree_leaves(call.made) if isinstance(leaf, Value)]


def _dim(call: Call) -> int:
    return int(call.kwargs.get("dim", call.args[1] if len(call.args) > 1 else 0))
