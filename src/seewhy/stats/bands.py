"""Bands that hold all values at once: Bonferroni's, and max-t from what each unit contributed."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from .quantiles import LEVEL, t_quantile
from .units import Units

_DRAWS, _BLOCK = 1000, 4096  # of the multiplier bootstrap; units at a time


@dataclass(frozen=True)
class Curve:
    """The mean of curves over images, with half-widths for one place and for all places at once."""

    values: Float[np.ndarray, " p"]
    each: Float[np.ndarray, " p"]
    band: Float[np.ndarray, " p"]
    images: int
    dropped: int


def mean_curve(curves: ArrayLike, *, clusters: Sequence[Any] | None = None, seed: int = 0) -> Curve:
    """The mean of curves (n, p), one per image; of paired differences to see where two methods part."""
    units = Units.of(curves, clusters)
    freedom, stderr = len(units) - 1, units.stderr
    if freedom < 1:
        unknown = np.full_like(stderr, np.inf)
        return Curve(units.mean, unknown, unknown, units.images, units.dropped)
    one = t_quantile(freedom)
    all_places = max(one, max_t(units.influence, stderr, seed=seed, freedom=freedom))
    return Curve(units.mean, one * stderr, all_places * stderr, units.images, units.dropped)


def max_t(
    influence: Float[np.ndarray, "m p"],
    stderr: Float[np.ndarray, " p"],
    *,
    seed: int,
    freedom: int,
    pull: Float[np.ndarray, " p"] | None = None,
) -> float:
    """The factor on the standard errors that covers all values at once: a multiplier bootstrap of the largest t.

    `pull`: what the values are off by besides, the same in every draw.
    """
    alive = stderr > 0
    if not alive.any():
        return 0.0
    spread = (influence[:, alive] / stderr[alive]).astype(np.float64)
    draws = np.zeros((_DRAWS, spread.shape[1]))
    for block, start in enumerate(range(0, len(spread), _BLOCK)):
        rows = spread[start : start + _BLOCK]
        draws += _weights(seed, block, 1 << (len(rows) - 1).bit_length())[:, : len(rows)] @ rows
    normal = _largest(draws)
    wide = t_quantile(freedom, math.erf(normal / math.sqrt(2)))  # as far out in the tails of t
    return wide if pull is None else _largest(draws * (wide / normal) + pull[alive] / stderr[alive])


def _largest(draws: Float[np.ndarray, "draws p"]) -> float:
    return float(np.quantile(np.abs(draws).max(axis=1), LEVEL))


@functools.lru_cache(maxsize=1)
def _weights(seed: int, block: int, units: int) -> Float[np.ndarray, "draws units"]:
    """Multipliers of the bootstrap, the same for every look at a growing sample."""
    return np.random.default_rng((seed, block)).standard_normal((_DRAWS, units))


def bonferroni(parts: int, freedom: int) -> float:
    """The factor that covers `parts` values at once without knowing how they hang together."""
    return t_quantile(freedom, 1 - (1 - LEVEL) / max(parts, 1))
