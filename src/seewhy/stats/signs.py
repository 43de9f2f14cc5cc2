"""The sign-flip test of a paired difference, and Holm's correction where several are tested."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .units import Numbers, Units

_ALL = 13  # units up to which every pattern of signs is tried
_DRAWS, _BLOCK = 10_000, 1 << 21


def sign_flip(units: Units, seed: int = 0) -> float:
    """How often the mean is at least as far from zero when each unit's sign is a coin: exact for few units.

    It needs no distribution, only that under no difference ours - theirs is as likely as theirs - ours.
    """
    sums = units.sums[:, 0]
    if not len(sums):
        return 1.0
    bar = abs(sums.sum()) * (1 - 1e-12)  # ties that rounding would break
    if len(sums) <= _ALL:
        signs = 1 - 2.0 * (np.arange(1 << len(sums))[:, None] >> np.arange(len(sums)) & 1)
        return float((np.abs(signs @ sums) >= bar).mean())
    generator, rows, beyond = np.random.default_rng(seed), max(1, _BLOCK // len(sums)), 0
    for start in range(0, _DRAWS, rows):
        signs = 1 - 2.0 * generator.integers(2, size=(min(rows, _DRAWS - start), len(sums)))
        beyond += int((np.abs(signs @ sums) >= bar).sum())
    return (beyond + 1) / (_DRAWS + 1)  # what was seen is one of the patterns


def holm(p_values: Sequence[float]) -> list[float]:
    """p values of several tests, raised so that one false alarm among all of them stays below the level (Holm 1979)."""
    values: Numbers = np.asarray(p_values, dtype=np.float64)
    order, count = np.argsort(values, kind="stable"), len(values)
    raised = np.maximum.accumulate(values[order] * np.arange(count, 0, -1)).clip(max=1.0)
    found = np.empty(count)
    found[order] = raised
    return [float(value) for value in found]
