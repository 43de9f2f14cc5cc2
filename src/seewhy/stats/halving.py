"""Successive halving: image sets that grow, and after each one who is surely behind; the best stays with 95 %."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .bootstrap import FEWEST, difference_interval, resampled
from .power import needed
from .quantiles import LEVEL
from .signs import sign_flip
from .units import Numbers, Units


def rounds(images: int, contestants: int) -> list[int]:
    """How many images have been seen after each round: twice as many every time, all in the end."""
    for planned in itertools.count(1):
        sizes = [min(images, fewest((contestants - 1) * planned))]
        while 3 * sizes[-1] <= images:  # what is left over makes the last round larger instead of one more look
            sizes.append(2 * sizes[-1])
        if sizes[-1] < images:
            sizes.append(images)
        if len(sizes) <= planned:
            return sizes
    raise AssertionError("counting does not end")


def fewest(tests: int) -> int:
    """The least number of images on which one that always loses is surely behind: the sign-flip test is exact there."""
    return max(FEWEST, math.ceil(1 + math.log2(max(1, tests) / (1 - LEVEL))))


def surely_better(ours: ArrayLike, theirs: ArrayLike, *, tests: int, clusters: Sequence[Any] | None = None) -> bool:
    """Whether ours is ahead on the same images, where so many tests share the 5 %."""
    units = _paired(ours, theirs, clusters)
    return len(units) > 0 and float(units.mean[0]) > 0 and sign_flip(units) * tests <= 1 - LEVEL


def behind(scores: Mapping[str, Numbers], *, tests: int, clusters: Sequence[Any] | None = None) -> dict[str, str]:
    """Who is surely behind, and behind whom: the first that is surely better, from the highest mean down.

    The best is among them with 5 % at most, however often one looks, where `tests` counts its rivals times the looks:
    it can only fall to one of its rivals at one of the looks (Bonferroni).
    """
    order = sorted(scores, key=lambda name: -float(np.nanmean(scores[name])))
    found = {}
    for i, name in enumerate(order):
        for rival in order[:i]:  # downwards only, so that nobody falls behind one that fell behind them
            if surely_better(scores[rival], scores[name], tests=tests, clusters=clusters):
                found[name] = rival
                break
    return found


def leading(scores: Mapping[str, Numbers]) -> str:
    """Who has the highest mean."""
    return max(scores, key=lambda name: float(np.nanmean(scores[name])))


def hopeless(scores: Mapping[str, Numbers], images: int, *, tests: int, clusters: Sequence[Any] | None = None) -> bool:
    """Whether none would be told from the leader on so many images, were the difference as large as it may be."""
    leader = leading(scores)
    return all(_would_need(scores[leader], scores[name], tests, clusters) > images for name in scores if name != leader)


def _would_need(ours: ArrayLike, theirs: ArrayLike, tests: int, clusters: Sequence[Any] | None) -> float:
    """Images to tell two apart whose difference lies at the far end of its interval."""
    units, found = _paired(ours, theirs, clusters), difference_interval(ours, theirs, clusters=clusters)
    far = max(abs(found.low), abs(found.high))
    if not math.isfinite(far):
        return 0.0
    spread = float(units.stderr[0]) * math.sqrt(len(units))
    return needed(far, spread, tests=tests) * units.images / len(units)


def ahead(ours: ArrayLike, theirs: ArrayLike, *, clusters: Sequence[Any] | None = None) -> float:
    """The share of resampled image sets on which ours is ahead; NaN from too few images."""
    units = _paired(ours, theirs, clusters)
    return float((resampled(units)[:, 0] > 0).mean()) if len(units) >= FEWEST else math.nan


def _paired(ours: ArrayLike, theirs: ArrayLike, clusters: Sequence[Any] | None) -> Units:
    return Units.of(np.asarray(ours, dtype=np.float64) - np.asarray(theirs, dtype=np.float64), clusters)
