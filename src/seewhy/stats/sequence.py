"""Confidence sequences: intervals that hold at all times at once, so that one may look and stop at will."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import BadScores
from .quantiles import LEVEL, z_quantile

Numbers = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Sequence:
    """The running mean after each unit, and the bounds that hold for all of them at once."""

    mean: Float[np.ndarray, " n"]
    low: Float[np.ndarray, " n"]
    high: Float[np.ndarray, " n"]


def anytime(factor: ArrayLike, count: ArrayLike, *, tuned: float) -> Numbers:
    """What a factor on standard errors that holds at one time must become to hold at all times.

    The normal mixture of Waudby-Smith et al. 2024 (arXiv:2103.06476) at the confidence that the factor has for
    one time; tightest at `tuned` units. Like the factor itself it rests on means being nearly normal.
    """
    told: Numbers = _log_tail(np.asarray(factor, dtype=np.float64))  # -2 log of the error rate
    rho = (told + np.log(told + 1)) / tuned * np.asarray(count, dtype=np.float64)
    wider: Numbers = np.sqrt((1 + 1 / rho) * (told + np.log1p(rho)))
    return wider


def _log_tail(factor: Numbers) -> Numbers:
    """-2 log P(|z| > factor); beyond 30 the leading terms of its series, as the tail itself has no number there."""
    near = np.vectorize(lambda z: -2 * math.log(math.erfc(min(z, 30.0) / math.sqrt(2))), otypes=[np.float64])(factor)
    far = np.maximum(factor, 1.0)
    told: Numbers = np.where(factor <= 30, near, far**2 + 2 * np.log(far * math.sqrt(math.pi / 2)))
    return told


def running_mean(units: ArrayLike, *, tuned: float = 100, least: int = 30) -> Sequence:
    """The mean of independent units as they come; without bounds before `least` of them."""
    numbers = _sequence(units)
    count = np.arange(1, len(numbers) + 1)
    mean = np.cumsum(numbers) / count
    steps = numbers - np.concatenate([[0.0], mean[:-1]])
    scatter = np.cumsum(steps * (numbers - mean))  # Welford: the first step adds nothing
    stderr = np.sqrt(scatter / np.maximum(count - 1, 1) / count)
    half = np.where(count >= least, anytime(z_quantile(), count, tuned=tuned) * stderr, np.inf)
    return Sequence(mean, mean - half, mean + half)


def bounded_mean(units: ArrayLike) -> Sequence:
    """The mean of independent units between 0 and 1: an empirical Bernstein sequence that holds from the first one on.

    Waudby-Smith & Ramdas 2024 (arXiv:2010.09686, theorem 2): bets that are known before each unit comes.
    """
    numbers = _sequence(units)
    if ((numbers < 0) | (numbers > 1)).any():
        raise BadScores("Some of the numbers are not between 0 and 1.", fix="scale them, or use running_mean.")
    count, told = np.arange(1, len(numbers) + 1), math.log(2 / (1 - LEVEL))
    guess = (0.5 + np.cumsum(numbers)) / (count + 1)
    before = np.concatenate([[0.5], guess[:-1]])
    spread = (0.25 + np.cumsum((numbers - guess) ** 2)) / (count + 1)
    known = np.concatenate([[0.25], spread[:-1]])
    bets = np.minimum(np.sqrt(2 * told / (known * count * np.log1p(count))), 0.5)
    cost = (numbers - before) ** 2 * (-np.log1p(-bets) - bets)  # v_i psi_E of the paper, its 4 and 1/4 cancelled
    staked = np.cumsum(bets)
    mean, half = np.cumsum(bets * numbers) / staked, (told + np.cumsum(cost)) / staked
    return Sequence(mean, np.maximum(mean - half, 0.0), np.minimum(mean + half, 1.0))


def _sequence(units: ArrayLike) -> Numbers:
    numbers = np.asarray(units, dtype=np.float64)
    if numbers.ndim != 1 or not np.isfinite(numbers).all():
        raise BadScores(
            "A confidence sequence is made of finite numbers in the order they came.", fix="leave out what is NaN."
        )
    return numbers
