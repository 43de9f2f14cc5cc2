"""The bootstrap over images: a mean, or a mean paired difference, between bounds; no model is asked again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import BadScores
from .interval import Interval
from .quantiles import t_quantile
from .units import Numbers, Units

Kind = Literal["bca", "percentile"]
RESAMPLES = 10_000
FEWEST = 6  # units: all of n lie on one side of their median with 2^(1-n), so fewer cannot bound anything with 95 %
_BLOCK = 1 << 21  # numbers in memory at a time
_NORMAL = NormalDist()


def mean_interval(
    scores: ArrayLike,
    *,
    clusters: Sequence[Any] | None = None,
    kind: Kind = "bca",
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """The mean over images with its 95 % interval; whole clusters are drawn again where they are named.

    Bounds are infinite below six units. A share of images (yes or no) wants `proportions.wilson` instead.
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 1:
        raise BadScores(f"Scores of shape {table.shape} are not one per image.", fix="give one number per image.")
    units = Units.of(table, clusters)
    bounds = _bca if kind == "bca" else _percentile
    low, high = bounds(units, resamples, seed) if len(units) >= FEWEST else (-np.inf, np.inf)
    return Interval(float(units.mean[0]), float(low), float(high), units.images, units.dropped, len(units))


def difference_interval(
    ours: ArrayLike,
    theirs: ArrayLike,
    *,
    clusters: Sequence[Any] | None = None,
    kind: Kind = "bca",
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """The mean of ours - theirs image by image; an image that either could not be given is dropped and counted."""
    first, second = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    if first.shape != second.shape:
        raise BadScores(
            f"{first.shape} and {second.shape} scores cannot be paired.", fix="score the same images with both."
        )
    return mean_interval(first - second, clusters=clusters, kind=kind, resamples=resamples, seed=seed)


def ratio_interval(
    ours: ArrayLike,
    theirs: ArrayLike,
    *,
    clusters: Sequence[Any] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Our mean as a multiple of theirs on the same images; without bounds where theirs may be zero or negative."""
    units = Units.of(np.stack([np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)], axis=1), clusters)
    low, high, wide = -np.inf, np.inf, _widened(len(units)) if len(units) >= FEWEST else 0.0
    if wide:
        means = resampled(units, resamples, seed)
        if np.quantile(means[:, 1], _NORMAL.cdf(-wide)) > 0:
            low, high = np.quantile(means[:, 0] / means[:, 1], [_NORMAL.cdf(-wide), _NORMAL.cdf(wide)])
    first, second = units.mean
    value = float(first / second) if second else np.nan
    return Interval(value, float(low), float(high), units.images, units.dropped, len(units))


def resampled(units: Units, resamples: int = RESAMPLES, seed: int = 0) -> Float[np.ndarray, "resamples m"]:
    """Means of as many units drawn again with replacement, the same draw for all columns."""
    counts = _counts(len(units), resamples, seed)
    return np.concatenate([count @ units.sums / (count @ units.sizes)[:, None] for count in counts])


def _counts(units: int, resamples: int, seed: int) -> Iterator[Numbers]:
    """How often each unit is drawn, resample by resample, in blocks that fit into memory."""
    generator, size = np.random.default_rng(seed), max(1, _BLOCK // units)
    for start in range(0, resamples, size):
        rows = min(size, resamples - start)
        picks = generator.integers(units, size=(rows, units)) + np.arange(rows)[:, None] * units
        yield np.bincount(picks.ravel(), minlength=rows * units).reshape(rows, units).astype(np.float64)


def _percentile(units: Units, resamples: int, seed: int) -> tuple[float, float]:
    """Quantiles of the resampled means, widened for few units (Hesterberg 2015, section 4.5)."""
    wide = _widened(len(units))
    low, high = np.quantile(resampled(units, resamples, seed)[:, 0], [_NORMAL.cdf(-wide), _NORMAL.cdf(wide)])
    return low, high


def _bca(units: Units, resamples: int, seed: int) -> tuple[float, float]:
    """The same, corrected for bias and skewness (Efron 1987, eq. 6.8)."""
    means, wide, influence = resampled(units, resamples, seed)[:, 0], _widened(len(units)), units.influence[:, 0]
    below = ((means < units.mean[0]).mean() + (means <= units.mean[0]).mean()) / 2
    bias = _NORMAL.inv_cdf(min(max(below, 1 / resamples), 1 - 1 / resamples))
    cubes, squares = (influence**3).sum(), (influence**2).sum()
    skew = cubes / (6 * squares**1.5) if squares > 0 else 0.0
    at = [_NORMAL.cdf(bias + (bias + z) / max(1 - skew * (bias + z), 1e-9)) for z in (-wide, wide)]
    low, high = np.quantile(means, at)
    return low, high


def _widened(units: int) -> float:
    return float(np.sqrt(units / (units - 1))) * t_quantile(units - 1)
