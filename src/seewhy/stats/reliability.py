"""Reliability: would other images say the same, how much of the spread is sampling noise, do two orders agree."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import BadScores
from .units import checked

_ROWS = 512  # compared at a time


def split_half(scores: ArrayLike, *, splits: int = 200, seed: int = 0) -> float:
    """How alike two halves of the images rate the m methods of a table (n, m), stepped up to all of them.

    The mean correlation over random halves, and 2r / (1 + r) of it (Spearman, Brown 1910). NaN where it cannot be
    told: fewer than four whole images or three methods, or methods that all rate alike. Below zero nothing is stepped
    up: the halves contradict each other.
    """
    table = checked(scores)
    table = table[~np.isnan(table).any(axis=1)]
    if len(table) < 4 or table.shape[1] < 3:
        return math.nan
    generator, half = np.random.default_rng(seed), len(table) // 2
    orders = (generator.permutation(len(table)) for _ in range(splits))
    means = [(table[order[:half]].mean(axis=0), table[order[half:]].mean(axis=0)) for order in orders]
    alike = float(np.mean([_correlation(first, second) for first, second in means]))
    return 2 * alike / (1 + alike) if alike > 0 else alike


def noise_share(scores: ArrayLike, stderr: ArrayLike) -> float:
    """The share of the spread between images that is sampling noise within them: what more samples could remove.

    The interval over images holds this noise already, as each image brings its own; adding it would count it twice.
    """
    values, errors = np.asarray(scores, dtype=np.float64), np.asarray(stderr, dtype=np.float64)
    if values.shape != errors.shape or values.ndim != 1:
        raise BadScores(f"{values.shape} scores, {errors.shape} errors.", fix="give one standard error per score.")
    known = ~(np.isnan(values) | np.isnan(errors))
    spread = float(values[known].var(ddof=1)) if known.sum() > 1 else math.nan
    noise = float(np.mean(errors[known] ** 2)) if known.any() else math.nan
    return noise / spread if spread > 0 else math.nan


def kendall(first: ArrayLike, second: ArrayLike) -> float:
    """Kendall's tau-b: concordant less discordant couples over those that are not tied; NaN where all are tied."""
    a, b = np.asarray(first, dtype=np.float64).ravel(), np.asarray(second, dtype=np.float64).ravel()
    if len(a) != len(b):
        raise BadScores(f"{len(a)} and {len(b)} values cannot be paired.", fix="give values of the same things.")
    known = ~(np.isnan(a) | np.isnan(b))
    a, b = a[known], b[known]
    both = of_a = of_b = 0.0
    for start in range(0, len(a), _ROWS):
        rows = slice(start, start + _ROWS)
        one, other = np.sign(a[rows, None] - a), np.sign(b[rows, None] - b)
        both, of_a, of_b = both + (one * other).sum(), of_a + (one**2).sum(), of_b + (other**2).sum()
    return float(both / math.sqrt(of_a * of_b)) if of_a and of_b else math.nan


def _correlation(first: Float[np.ndarray, " m"], second: Float[np.ndarray, " m"]) -> float:
    one, other = first - first.mean(), second - second.mean()
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / size if size > 0 else math.nan
