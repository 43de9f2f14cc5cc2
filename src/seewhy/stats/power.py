"""Power: which difference could be seen with so many images, and how many images a difference would need."""

from __future__ import annotations

import math

from .quantiles import LEVEL, z_quantile

POWER = 0.8


def detectable(spread: float, count: int, *, tests: int = 1) -> float:
    """The smallest mean that `count` units of this standard deviation tell from zero four times in five.

    `tests` comparisons share the 5 % (Bonferroni). Infinite where no mean would do.
    """
    sure, left = _sure(tests), count - _sure(tests) ** 2 / 2
    return (sure + _power()) * spread / math.sqrt(left) if left > 0 else math.inf


def needed(mean: float, spread: float, *, tests: int = 1) -> float:
    """How many units tell a mean from zero four times in five: the inverse of `detectable`, rounded up."""
    if mean == 0:
        return math.inf
    sure = _sure(tests)
    return math.ceil(((sure + _power()) * spread / mean) ** 2 + sure**2 / 2)  # the last term: t instead of z


def _sure(tests: int) -> float:
    return z_quantile(1 - (1 - LEVEL) / tests)


def _power() -> float:
    return z_quantile(2 * POWER - 1)
