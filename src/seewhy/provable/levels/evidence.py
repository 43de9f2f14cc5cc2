"""C8 to C10: convolutional networks whose evidence lies in a place that was put there."""

from __future__ import annotations

import torch
from torch import Tensor

from ...testing.tiny_models import pictures, seeded
from ..asker import Asker
from ..level import level
from ..networks import Detector, Quadrants

CELL, SIDE = 3, 12  # a pattern fills one cell of a grid of four by four
CROSS = torch.tensor([[0.0, 1, 0], [1, 1, 1], [0, 1, 0]])
TAG = torch.tensor([[1.0, 0, 1], [0, 1, 0], [1, 0, 1]])
SPOTS = ((0, 0), (3, 6), (6, 3), (9, 9))


def ground() -> Tensor:
    """A dark, smooth picture in which no detector finds anything."""
    return 0.1 * pictures(1, 3, SIDE, SIDE, seed=2)


def with_pattern(images: Tensor, pattern: Tensor, spot: tuple[int, int]) -> Tensor:
    """The pictures with a pattern painted at a spot."""
    painted = images.clone()
    painted[:, :, spot[0] : spot[0] + CELL, spot[1] : spot[1] + CELL] = pattern
    return painted


def within(maps: Tensor, spot: tuple[int, int]) -> Tensor:
    """The part of the maps where a pattern lies."""
    return maps[:, spot[0] : spot[0] + CELL, spot[1] : spot[1] + CELL]


def crosses(*, strongest: bool = False) -> Detector:
    """Finds crosses; a second pattern counts for nothing."""
    return Detector(torch.stack([CROSS, TAG]), (1.0, 0.0), strongest=strongest)


@level("C8", "field of view", "local", least=0.99)
def field_of_view(asker: Asker) -> float:
    """Of a class that sees one quadrant alone, at least 99 % of the map's mass lies there: the worst of four."""
    network, seen = seeded(lambda: Quadrants(8)), 0.2 + 0.8 * pictures(4, 3, 8, 8, seed=1)
    mass = asker.maps(network, seen, [0, 1, 2, 3], cells=4).abs()
    shares = [_quadrant(mass[k], k).sum() / mass[k].sum().clamp(min=1e-12) for k in range(4)]
    return float(min(shares))


@level("C9", "moved", "pointing", least=1.0)
def moved(asker: Asker) -> float:
    """The map peaks on a pattern wherever it lies: share of four spots."""
    seen = torch.cat([with_pattern(ground(), CROSS, spot) for spot in SPOTS])
    maps = asker.maps(crosses(), seen, cells=4)
    return sum(_peaks(maps[i : i + 1], spot) for i, spot in enumerate(SPOTS)) / len(SPOTS)


@level("C9", "twice", "pointing", least=0.5)
def twice(asker: Asker) -> float:
    """Of two patterns that both count, one holds the largest value, and the other at least half of it."""
    spots = SPOTS[1], SPOTS[3]
    seen = with_pattern(with_pattern(ground(), CROSS, spots[0]), CROSS, spots[1])
    maps = asker.maps(crosses(), seen, cells=4)
    peaks = [float(within(maps, spot).max()) for spot in spots]
    lit = max(peaks) == float(maps.max()) and min(peaks) > float(maps.mean())
    return min(peaks) / max(peaks) if lit else 0.0


@level("C9", "erased", "pointing", most=0.05)
def erased(asker: Asker) -> float:
    """Without the pattern nothing is left to see: largest value, as a share of that with the pattern."""
    maps = asker.maps(crosses(), torch.cat([with_pattern(ground(), CROSS, SPOTS[1]), ground()]), cells=4)
    full, empty = maps.abs().amax(dim=(1, 2))
    return float(empty / full) if full > 0 else 1.0


@level("C10", "watermark", "pointing", least=1.0)
def watermark(asker: Asker) -> float:
    """The class rests on a tag in the corner, a cross is there too: the map peaks on the tag, in every picture."""
    network = Detector(torch.stack([CROSS, TAG]), (0.2, 2.0), strongest=True)
    spots = SPOTS[:3]
    seen = torch.cat([with_pattern(with_pattern(ground(), CROSS, spot), TAG, SPOTS[3]) for spot in spots])
    maps = asker.maps(network, seen, cells=4)
    return sum(_peaks(maps[i : i + 1], SPOTS[3]) for i in range(len(spots))) / len(spots)


def _peaks(maps: Tensor, spot: tuple[int, int]) -> bool:
    """Whether the largest value lies on the pattern (and in what shares a coarse part with it)."""
    largest = float(maps.max())
    return float(within(maps, spot).max()) == largest > float(maps.mean())


def _quadrant(one: Tensor, k: int) -> Tensor:
    half = one.shape[0] // 2
    return one[k // 2 * half : (k // 2 + 1) * half, k % 2 * half : (k % 2 + 1) * half]
