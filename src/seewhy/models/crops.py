"""Boxes of one size in a map: where they lie, cut out, and patches laid over them.

Rows are copied one by one: slices move whole lines of memory, which is many times as fast as indices of places.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def laid_over(clean: Tensor, corner: Tensor, size: Sequence[int], values: Tensor, at: Tensor, outside: float) -> Tensor:
    """Crops (n, k, *size) of a map (*space, k) from their corners on, with patches (n, k, *extent) laid over at `at`.

    What lies beyond the border of the map is `outside`.
    """
    crops, patches = clean.new_empty(len(at), *size, clean.shape[-1]), values.movedim(1, -1)
    for crop, patch, start, first in zip(crops, patches, corner.tolist(), at.tolist(), strict=True):
        here, there = overlap(start, size, clean.shape)
        for axis, (side, full) in enumerate(zip(here, size, strict=True)):
            crop.narrow(axis, 0, side.start).fill_(outside)
            crop.narrow(axis, side.stop, full - side.stop).fill_(outside)
        crop[here] = clean[there]
        here, there = overlap([-place for place in first], size, patch.shape)
        crop[here] = patch[there]
    return crops.movedim(-1, 1)


def overlap(
    start: Sequence[int], size: Sequence[int], space: Sequence[int]
) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Where a box that starts there lies within a space: the part of the box, and of the space."""
    sides = [(max(0, -s), max(0, min(side, full - s)), s) for s, side, full in zip(start, size, space, strict=False)]
    return tuple(slice(a, b) for a, b, _ in sides), tuple(slice(s + a, s + b) for a, b, s in sides)


def fitted(first: Tensor, end: Tensor, space: Sequence[int]) -> tuple[Tensor, tuple[int, ...]]:
    """One size that holds every [first, end) of the space, and starts that keep it inside."""
    limits = torch.tensor(space)
    first, end = first.clamp(min=0).minimum(limits), end.minimum(limits)
    size = (end - first).amax(dim=0).clamp(min=1)
    return first.minimum(limits - size).clamp(min=0), tuple(size.tolist())


def cut(images: Tensor, start: Tensor, size: Sequence[int]) -> Tensor:
    """A box of each image (n, c, *space)."""
    boxes = images.new_empty(len(images), images.shape[1], *size)
    for box, image, corner in zip(boxes, images, start.tolist(), strict=True):
        box.copy_(image[(slice(None), *(slice(at, at + side) for at, side in zip(corner, size, strict=True)))])
    return boxes
