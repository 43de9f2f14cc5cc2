"""Quantiles and tails of the normal, Student's t and the beta distribution."""

from __future__ import annotations

import functools
import math
from statistics import NormalDist

LEVEL = 0.95
_ENDLESS = 100_000  # degrees of freedom from which on t is normal to four digits
_TINY = 1e-300


def z_quantile(level: float = LEVEL) -> float:
    """Two-sided quantile of the normal distribution."""
    return -NormalDist().inv_cdf((1 - level) / 2)


@functools.lru_cache(maxsize=1024)
def t_quantile(freedom: float, level: float = LEVEL) -> float:
    """Two-sided quantile of Student's t."""
    if freedom >= _ENDLESS:
        return z_quantile(level)
    share = beta_quantile(1 - level, freedom / 2, 0.5)  # of freedom / (freedom + t^2)
    return math.sqrt(freedom * (1 - share) / share)


def t_tail(t: float, freedom: float) -> float:
    """The probability that Student's t is further from zero than this, on either side."""
    if freedom >= _ENDLESS:
        return math.erfc(abs(t) / math.sqrt(2))
    return beta_below(freedom / (freedom + t * t), freedom / 2, 0.5)


def beta_quantile(below: float, a: float, b: float) -> float:
    """The place below which lies this share of the beta distribution: halved until no number is in between."""
    low, high = 0.0, 1.0
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if beta_below(middle, a, b) < below else (low, middle)
    return high


def beta_below(x: float, a: float, b: float) -> float:
    """The share of the beta distribution below x: the regularised incomplete beta function."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # the fraction converges fast on the other side only
        return 1 - beta_below(1 - x, b, a)
    log = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(log) / (a * _fraction(x, a, b))


def _fraction(x: float, a: float, b: float) -> float:
    """1 + d1 / (1 + d2 / (1 + ...)) of DLMF 8.17.22, by Lentz's method."""
    value, upper, lower = 1.0, 1.0, 0.0
    for k in range(1, 10_000):
        m = k // 2
        numerator = m * (b - m) if k % 2 == 0 else -(a + m) * (a + b + m)
        term = numerator * x / ((a + k - 1) * (a + k))
        lower = 1 / ((1 + term * lower) or _TINY)
        upper = (1 + term / upper) or _TINY
        value *= upper * lower
        if abs(upper * lower - 1) < 1e-15:
            break
    return value
