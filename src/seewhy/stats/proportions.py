"""Shares of images: intervals that hold near 0 and 1 too, and the test for paired shares."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ..errors import BadScores
from .interval import Interval
from .quantiles import LEVEL, beta_quantile, z_quantile


def wilson(hits: ArrayLike) -> Interval:
    """The share of hits (true or false per image, NaN where unknown) with Wilson's score interval."""
    return _share(hits, _wilson)


def exact(hits: ArrayLike) -> Interval:
    """The same with the interval of Clopper and Pearson: never below 95 %, and wider."""
    return _share(hits, _clopper_pearson)


def mcnemar(ours: ArrayLike, theirs: ArrayLike) -> float:
    """Exact p value that two paired shares are equal: only images on which the two differ tell."""
    first, second = _bits(ours), _bits(theirs)
    if first.shape != second.shape:
        raise BadScores(f"{len(first)} and {len(second)} hits cannot be paired.", fix="test the same images.")
    ahead, behind = int((first > second).sum()), int((first < second).sum())
    apart, less = ahead + behind, min(ahead, behind)
    tail: float = sum(math.comb(apart, k) for k in range(less + 1)) / 2**apart
    return min(1.0, 2 * tail)


def _share(hits: ArrayLike, bounds: Callable[[int, int], tuple[float, float]]) -> Interval:
    bits = _bits(hits)
    known = bits[~np.isnan(bits)]
    count, found = len(known), int(known.sum())
    if not count:
        return Interval(math.nan, -math.inf, math.inf, 0, len(bits))
    return Interval(found / count, *bounds(found, count), count, len(bits) - count, count)


def _bits(hits: ArrayLike) -> np.ndarray:
    bits = np.asarray(hits, dtype=np.float64)
    if bits.ndim != 1 or not (np.isnan(bits) | (bits == 0) | (bits == 1)).all():
        raise BadScores("A share is counted from one yes or no per image.", fix="give a list of 0, 1 or NaN.")
    return bits


def _wilson(found: int, count: int) -> tuple[float, float]:
    """Wilson 1927: the shares that this count would not contradict."""
    z2, share = z_quantile() ** 2, found / count
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = math.sqrt(z2 * (share * (1 - share) / count + z2 / (4 * count**2))) / (1 + z2 / count)
    return (0.0 if found == 0 else middle - half), (1.0 if found == count else middle + half)


def _clopper_pearson(found: int, count: int) -> tuple[float, float]:
    tail = (1 - LEVEL) / 2
    low = beta_quantile(tail, found, count - found + 1) if found else 0.0
    high = beta_quantile(1 - tail, found + 1, count - found) if found < count else 1.0
    return low, high
