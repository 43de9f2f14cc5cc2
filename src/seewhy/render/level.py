"""Levels of a map that enclose a share of its evidence, and the lines along them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Line = NDArray[np.float64]  # (n, 2): x, y

# Which sides of a cell (0 top, 1 right, 2 bottom, 3 left) a line joins; key: corners above the level, as bits
# top-left 1, top-right 2, bottom-right 4, bottom-left 8. Saddles (5, 10) are cut so that high corners stay apart.
CROSSINGS = {
    1: ((3, 0),), 2: ((0, 1),), 3: ((3, 1),), 4: ((1, 2),), 5: ((3, 0), (1, 2)), 6: ((0, 2),), 7: ((3, 2),),
    8: ((2, 3),), 9: ((2, 0),), 10: ((0, 1), (2, 3)), 11: ((2, 1),), 12: ((1, 3),), 13: ((1, 0),), 14: ((0, 3),),
}  # fmt: skip


def mass_levels(heat: NDArray[np.floating], shares: Sequence[float]) -> list[float]:
    """The values above which the positive part of the map holds these shares of its sum; infinity without any."""
    ranked = np.sort(heat[heat > 0])[::-1]
    if not ranked.size:
        return [float("inf")] * len(shares)
    held = np.cumsum(ranked, dtype=np.float64)
    return [float(ranked[np.searchsorted(held, share * held[-1])]) for share in shares]


def area_level(heat: NDArray[np.floating], share: float) -> float:
    """The value above which the strongest positive positions cover this share of what was seen."""
    ranked = np.sort(heat[heat > 0])[::-1]
    if not ranked.size:
        return float("inf")
    return float(ranked[min(ranked.size - 1, int(share * np.isfinite(heat).sum()))])


def lines(field: NDArray[np.floating], level: float) -> list[Line]:
    """Closed lines where the field crosses the level (marching squares)."""
    known = np.isfinite(field)
    if not (np.isfinite(level) and known.any()):
        return []
    # A rim below the level closes the lines at the border of the map and at what was not seen.
    rim = level - max(float(np.abs(field[known]).max()), 1e-12)
    high = np.pad(np.where(known, field, rim), 1, constant_values=rim)
    above = high >= level
    code = above[:-1, :-1] + 2 * above[:-1, 1:] + 4 * above[1:, 1:] + 8 * above[1:, :-1]
    rows, columns = np.nonzero((code > 0) & (code < 15))
    steps: dict[tuple[int, int, int], list[tuple[int, int, int]]] = defaultdict(list)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        for first, second in CROSSINGS[int(code[row, column])]:
            a, b = _edge(row, column, first), _edge(row, column, second)
            steps[a].append(b)
            steps[b].append(a)
    return [_points(chain, high, level) for chain in _chains(steps)]


def _edge(row: int, column: int, side: int) -> tuple[int, int, int]:
    """An edge of the pixel grid: (row, column, 0) runs right from that point, (row, column, 1) down."""
    return ((row, column, 0), (row, column + 1, 1), (row + 1, column, 0), (row, column, 1))[side]


def _chains(steps: dict[tuple[int, int, int], list[tuple[int, int, int]]]) -> list[list[tuple[int, int, int]]]:
    chains = []
    while steps:
        here = next(iter(steps))
        chain = [here]
        while here in steps:
            onward = steps[here].pop()
            steps[onward].remove(here)
            for edge in (here, onward):
                if edge in steps and not steps[edge]:
                    del steps[edge]
            chain.append(here := onward)
        chains.append(chain)
    return chains


def _points(chain: list[tuple[int, int, int]], high: NDArray[np.floating], level: float) -> Line:
    row, column, down = np.array(chain).T
    start, end = high[row, column], high[row + down, column + 1 - down]
    along = (level - start) / np.where(end == start, 1.0, end - start)
    return np.stack([column + along * (1 - down), row + along * down], axis=1) - 1  # the rim added one
