"""Parts halved again and again into a tree: neighbours stay together until the end."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import torch
from torch import Tensor

from ..domain.regions import Regions


@dataclass(frozen=True, eq=False)
class Branch:
    """Some parts, and their two halves unless it is one part."""

    parts: Tensor  # (m,) numbers
    halves: tuple[Branch, ...] = ()


def tree(regions: Regions) -> Branch:
    """The parts halved by count along the axis on which their centres lie farthest apart."""
    return _split(torch.arange(regions.count), _centres(regions))


@functools.cache
def questions(parts: int) -> int:
    """Scores that the whole tree of so many parts takes: two for each branch in each company it is seen in."""
    return 0 if parts < 2 else 2 + 2 * (questions((parts + 1) // 2) + questions(parts // 2))


def _split(parts: Tensor, centres: Tensor) -> Branch:
    if len(parts) == 1:
        return Branch(parts)
    own = centres[parts]
    axis = int((own.amax(dim=0) - own.amin(dim=0)).argmax())
    ranked = parts[own[:, axis].argsort(stable=True)]
    middle = (len(parts) + 1) // 2
    return Branch(parts, (_split(ranked[:middle], centres), _split(ranked[middle:], centres)))


def _centres(regions: Regions) -> Tensor:
    """The mean position of each part's pixels, (p, axes), on the processor."""
    if regions.labels is None:
        pieces = (regions.part(i) for i in range(regions.count))
        return torch.stack([piece.nonzero().double().mean(dim=0) for piece in pieces]).cpu()
    labels = regions.labels.cpu()
    inside = labels >= 0
    places, owners = inside.nonzero().double(), labels[inside]
    sums = torch.zeros(regions.count, places.shape[1], dtype=torch.float64).index_add(0, owners, places)
    return sums / torch.bincount(owners, minlength=regions.count)[:, None]
