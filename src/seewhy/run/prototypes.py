"""Prototypes: the maps of one class in a few groups, each with its typical photo and what is odd about its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..domain.check import Check

PLACES = 12  # cells a side of the maps that are grouped
# Chosen by eye, not calibrated; docs/guide/overview.md has what ordinary photos were measured to hold.
CORNER, IN_CORNER = PLACES // 4, 0.4  # a quarter of each side is 6% of the area
RING, IN_RING = 1, 0.6  # the outermost cells are 31% of the area
FLAT = 0.95  # share of the cells over which the evidence is spread as if evenly
ALIKE = 0.4  # Hellinger distance below which two groups are one
ROUNDS = 50
Maps = NDArray[np.float64]  # (n, PLACES, PLACES), each sums to 1


@dataclass(frozen=True, eq=False)
class Prototype:
    """One way in which photos of a class are looked at."""

    share: float  # of the photos of the class
    count: int
    map: NDArray[np.float64]  # (PLACES, PLACES) mean share of the evidence in each place
    example: int  # which photo of the class is the most typical one
    flags: tuple[Check, ...]


def prototypes(maps: Maps, most: int, seed: int = 0) -> tuple[Prototype, ...]:
    """The groups of these maps, largest first."""
    points = np.sqrt(maps).reshape(len(maps), -1)  # so that distances are Hellinger's
    groups = _merged(points, _grouped(points, min(most, len(maps)), seed))
    found = [_prototype(maps, points, members) for members in groups]
    return tuple(sorted(found, key=lambda one: (-one.count, one.example)))


def flags_of(share: NDArray[np.float64]) -> Iterator[Check]:
    """What is odd about where the evidence lies; `share` sums to 1."""
    for name, held in in_corners(share).items():
        if held >= IN_CORNER:
            words = f"{held:.0%} of the evidence lies in the {name} corner, {(CORNER / PLACES) ** 2:.0%} of the area."
            yield Check("corner", "warning", f"{words} Look for a logo, a date or a watermark there.", held)
    ring = in_ring(share)
    if ring >= IN_RING:
        area = 1 - ((PLACES - 2 * RING) / PLACES) ** 2
        words = f"{ring:.0%} of the evidence lies along the border, {area:.0%} of the area."
        yield Check("border", "warning", f"{words} Look for frames and padding.", ring)
    spread = evenness(share)
    if spread >= FLAT:
        yield Check("spread", "warning", "The evidence lies evenly everywhere: these maps single no place out.", spread)


def in_corners(share: NDArray[np.float64]) -> dict[str, float]:
    """The share of the evidence in each corner."""
    first, last = slice(0, CORNER), slice(-CORNER, None)
    rows, columns = {"upper": first, "lower": last}, {"left": first, "right": last}
    return {f"{y} {x}": float(share[rows[y], columns[x]].sum()) for y in rows for x in columns}


def in_ring(share: NDArray[np.float64]) -> float:
    """The share of the evidence along the border."""
    return 1 - float(share[RING:-RING, RING:-RING].sum())


def evenness(share: NDArray[np.float64]) -> float:
    """The share of the cells that as much entropy would fill evenly: 1 where all hold the same."""
    return float(np.exp(-(share * np.log(np.maximum(share, 1e-12))).sum())) / share.size


def _grouped(points: NDArray[np.float64], count: int, seed: int) -> NDArray[np.intp]:
    """k-means from centres that lie far apart (k-means++), best of a few starts: the group of each point."""
    generator, best, least = np.random.default_rng(seed), np.zeros(len(points), np.intp), np.inf
    for _ in range(4):
        centres = points[generator.integers(len(points))][None]
        while len(centres) < count:
            far = _distances(points, centres).min(axis=1)
            chances = far / far.sum() if far.sum() > 0 else None
            centres = np.concatenate([centres, points[generator.choice(len(points), p=chances)][None]])
        for _ in range(ROUNDS):
            groups = _distances(points, centres).argmin(axis=1)
            moved = [points[groups == k].mean(axis=0) if (groups == k).any() else centres[k] for k in range(count)]
            done, centres = np.allclose(moved, centres), np.array(moved)
            if done:
                break
        loss = float(_distances(points, centres).min(axis=1).sum())
        if loss < least:
            best, least = groups, loss
    return best


def _merged(points: NDArray[np.float64], groups: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """The members of each group, groups whose centres are nearly the same taken together."""
    members = [np.flatnonzero(groups == k) for k in np.unique(groups)]
    while len(members) > 1:
        centres = np.array([points[rows].mean(axis=0) for rows in members])
        apart = _distances(centres, centres) / 2 + 9 * np.eye(len(members))
        i, j = np.unravel_index(apart.argmin(), apart.shape)
        if np.sqrt(apart[i, j]) >= ALIKE:
            break
        members[min(i, j)] = np.concatenate([members[i], members[j]])
        del members[max(i, j)]
    return members


def _prototype(maps: Maps, points: NDArray[np.float64], members: NDArray[np.intp]) -> Prototype:
    centre, mean = points[members].mean(axis=0), maps[members].mean(axis=0)
    example = int(members[_distances(points[members], centre[None])[:, 0].argmin()])
    return Prototype(len(members) / len(maps), len(members), mean, example, tuple(flags_of(mean)))


def _distances(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squared distances (len(a), len(b))."""
    found = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.asarray(np.maximum(found, 0))
