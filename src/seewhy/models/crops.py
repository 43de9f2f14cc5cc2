"""Boxes of one size in a map: where they lie, cut out, and patches laid over them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def fitted(first: Tensor, end: Tensor, space: Sequence[int]) -> tuple[Tensor, tuple[int, ...]]:
    """One size that holds every [first, end) of the space, and starts that keep it inside."""
    limits = torch.tensor(space)
    first, end = first.clamp(min=0).minimum(limits), end.minimum(limits)
    size = (end - first).amax(dim=0).clamp(min=1)
    return first.minimum(limits - size).clamp(min=0), tuple(size.tolist())


def laid_over(around: Tensor, corner: Tensor, size: Sequence[int], values: Tensor, at: Tensor) -> Tensor:
    """Crops (n, k, *size) of a map (*space, k) from their corners on, with patches laid over them at `at`."""
    crop = around[places(corner, size)]
    patch, extent = values.movedim(1, -1), tuple(values.shape[2:])
    inside = bool((at >= 0).all()) and bool((at + torch.tensor(extent) <= torch.tensor(tuple(size))).all())
    if inside:
        crop[(torch.arange(len(at)).reshape(-1, *[1] * len(extent)), *places(at, extent))] = patch
    else:
        rows = places(-at, size)  # for each place of the crop, the place of the patch that lies on it
        hit = torch.stack(
            torch.broadcast_tensors(*[(r >= 0) & (r < e) for r, e in zip(rows, extent, strict=True)])
        ).all(dim=0)
        held = [r.clamp(0, e - 1) for r, e in zip(rows, extent, strict=True)]
        number = torch.arange(len(at)).reshape(-1, *[1] * len(extent))
        crop = torch.where(hit[..., None], patch[(number, *held)], crop)
    return crop.movedim(-1, 1)


def places(start: Tensor, size: Sequence[int]) -> tuple[Tensor, ...]:
    """Indices of boxes, one tensor per axis, that broadcast to (n, *size)."""
    found = []
    for axis, extent in enumerate(size):
        places = start[:, axis, None] + torch.arange(extent)
        found.append(places.reshape(len(start), *[extent if other == axis else 1 for other in range(len(size))]))
    return tuple(found)
