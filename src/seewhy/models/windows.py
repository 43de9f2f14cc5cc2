"""Attention in windows: how a grid may be cut into them, and which of these cuts is the network's, told by trying."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Int
from torch import Tensor

from .layers import Grid
from .steps import PADDING

Members = Int[Tensor, "windows tokens"]  # the cells of each window, row by row; -1 is padding


def windows_of(grid: Grid, changed: Bool[Tensor, "windows tokens"], cells: Bool[Tensor, " cells"]) -> Members | None:
    """The cut whose windows hold the places that changed with these cells, and no others; None where none does."""
    count, tokens = changed.shape
    for members in _cuts(grid, count, tokens):
        if torch.equal(cells[members.clamp(min=0)] & (members != PADDING), changed):
            return members
    return None


def _cuts(grid: Grid, count: int, tokens: int) -> Iterator[Members]:
    """Cuts into so many windows of so many tokens, moved by half a window along some axes or not at all."""
    for window in _boxes(tokens, len(grid)):
        padded = [-(-cells // side) * side for cells, side in zip(grid, window, strict=True)]
        if math.prod(padded) != count * tokens:
            continue
        ways = [(0, side // 2) if cells > side > 1 else (0,) for cells, side in zip(grid, window, strict=True)]
        for shift in itertools.product(*ways):
            yield _cut(grid, window, padded, shift, pad_first=True)
            if any(shift) and padded != list(grid):
                yield _cut(grid, window, padded, shift, pad_first=False)


def _boxes(tokens: int, axes: int) -> Iterator[Grid]:
    """All boxes of so many tokens."""
    if axes == 1:
        yield (tokens,)
        return
    for side in range(1, tokens + 1):
        if tokens % side == 0:
            yield from ((side, *rest) for rest in _boxes(tokens // side, axes - 1))


def _cut(grid: Grid, window: Grid, padded: list[int], shift: Grid, *, pad_first: bool) -> Members:
    """Cells padded at the far ends and rolled backwards, in either order, then cut into boxes."""
    cells, axes = torch.arange(math.prod(grid)).reshape(grid), tuple(range(len(grid)))
    back = tuple(-step for step in shift)
    cells = cells if pad_first else cells.roll(back, axes)
    beyond = [n for size, full in zip(grid, padded, strict=True) for n in (full - size, 0)][::-1]
    cells = F.pad(cells, beyond, value=PADDING)
    cells = cells.roll(back, axes) if pad_first else cells
    for axis, side in enumerate(window):
        cells = cells.unflatten(2 * axis, (-1, side))
    order = (*range(0, 2 * len(grid), 2), *range(1, 2 * len(grid), 2))
    return cells.permute(order).reshape(-1, math.prod(window))
