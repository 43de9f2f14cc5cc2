"""Only what a change can reach is computed again: patches of every map, the rest from one clean pass.

The idea is Krypton's (Nakandala et al. 2019, SIGMOD). Each layer lays the patch over a crop of the clean map that holds
one kernel of context; all rows share one patch size, so a layer is one batched call. Exact up to rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from .crops import fitted, laid_over
from .kernels import KERNELS, Kernel, border_of, kernel_of, slide
from .local import alone, space_of, together
from .reach import WHOLE
from .tape import Call, Tape, Unwritable, Value


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
        for index, clean in tape.clean.items():
            if clean.ndim > 2 and len(clean) == 1:  # channels last: what is cut out lies in lines
                tape.clean[index] = clean.movedim(1, -1).contiguous().movedim(-1, 1)

    def __call__(self, patch: Patch) -> Any:
        """The network's answer for the rows of a patch of its (normalised) input."""
        here: dict[int, Patch | Tensor] = {0: patch}
        rows = len(patch.values)
        for at, call in enumerate(self.tape.calls):
            if not any(value.index in here for value in call.values):
                continue  # it made something of the shape alone
            named, made = _made(call), self._run(call, here, rows)
            if len(named) != len(made):
                raise Unwritable(f"{call.name} makes another number of tensors for {rows} images than for one")
            here |= {value.index: tensor for value, tensor in zip(named, made, strict=True)}
            for index in [i for i in here if self.tape.last_use.get(i, -1) <= at]:
                del here[index]
        return tree_map(
            lambda leaf: self._whole(leaf, here, rows) if isinstance(leaf, Value) else leaf, self.tape.answer
        )

    # -- one call

    def _run(self, call: Call, here: dict[int, Patch | Tensor], rows: int) -> list[Patch | Tensor]:
        changed = [here.get(value.index) for value in call.values]
        small = all(isinstance(part, Patch) for part in changed)
        if small and alone(call):
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
        if small and together(call, self.tape):
            return [self._joined(call, here)]
        answer = _for_rows(call, rows).run(lambda value: self._whole(value, here, rows))
        return [leaf for leaf in tree_leaves(answer) if isinstance(leaf, Tensor)]

    def _slid(self, call: Call, kernel: Kernel, here: dict[int, Patch | Tensor]) -> Patch | None:
        """A kernel moved over the patch and as much of the clean map as it needs beside it."""
        (value,) = call.values
        patch = here[value.index]
        assert isinstance(patch, Patch)
        space = space_of(self.tape.shapes[_made(call)[0].index])
        start, size = kernel.reach(patch.start, patch.size, space)
        if math.prod(size) > WHOLE * math.prod(space):
            return None
        need = [
            (count - 1) * s + d * (k - 1) + 1
            for count, s, d, k in zip(size, kernel.stride, kernel.dilation, kernel.size, strict=True)
        ]
        corner = start * torch.tensor(kernel.stride) - torch.tensor(kernel.padding)
        around = self._map(value.index)
        crop = laid_over(around, corner, need, patch.values, patch.start - corner, kernel.outside)
        return Patch(slide(call, crop), start)

    def _joined(self, call: Call, here: dict[int, Patch | Tensor]) -> Patch:
        """Several patches brought to one place and size."""
        patches = {value.index: here[value.index] for value in call.values}
        found = [patch for patch in patches.values() if isinstance(patch, Patch)]
        first = torch.stack([patch.start for patch in found]).amin(dim=0)
        end = torch.stack([patch.start + torch.tensor(patch.size) for patch in found]).amax(dim=0)
        start, size = fitted(first, end, space_of(self.tape.shapes[call.values[0].index]))

        def grown(value: Value) -> Tensor:
            patch = patches[value.index]
            assert isinstance(patch, Patch)
            if patch.size == size and torch.equal(patch.start, start):
                return _own(patch.values)
            return laid_over(self._map(value.index), start, size, patch.values, patch.start - start, 0.0)

        return Patch(call.run(grown), start)

    # -- clean maps

    def _whole(self, value: Value, here: dict[int, Patch | Tensor], rows: int) -> Tensor:
        part = here.get(value.index)
        if isinstance(part, Tensor):
            return part
        if part is None:
            clean = self.tape.clean[value.index]
            return clean.expand(rows, *clean.shape[1:]) if clean.ndim and len(clean) == 1 else clean
        clean = self._map(value.index)
        return laid_over(clean, torch.zeros_like(part.start), clean.shape[:-1], part.values, part.start, 0.0)

    def _map(self, index: int) -> Tensor:
        """A clean map with its channels last: (*space, k)."""
        return self.tape.clean[index][0].movedim(0, -1)


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
