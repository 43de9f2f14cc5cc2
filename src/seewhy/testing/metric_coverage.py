"""Do the error bars of metrics keep their promise? Many runs with other seeds against one with far more samples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..domain.score import Unjudged
from ..engine.trial import Trial
from ..metric_registry import find_metric
from ..stats.interval import halfwidth
from .coverage import REFERENCE_SEED, TIMES

STRIDE = 1000  # between the seeds of runs: a metric may count on from its own, and runs must not share draws


@dataclass(frozen=True)
class Held:
    """How often the 95 % intervals of one line held the truth."""

    share: float
    runs: int  # that gave a number
    stated: float  # mean standard error over the error that the runs had: 1 where it is right

    @property
    def error(self) -> float:
        """Binomial standard error of the share."""
        return math.sqrt(self.share * (1 - self.share) / self.runs)


def metric_coverage(
    name: str,
    trial: Trial,
    *,
    samples: int,
    runs: int,
    times: int = TIMES,
    rounds: int = 1,
    options: Mapping[str, Any] | None = None,
) -> dict[str, Held]:
    """The lines of a metric that state an error; the truth is the mean of `rounds` runs of `times` the samples."""
    metric, given = find_metric(name), dict(options or {})

    def ask(seed: int, samples: int) -> dict[str, tuple[float, float, float]]:
        try:
            found = metric.function(replace(trial, seed=seed), samples=samples, **given)
        except Unjudged:
            return {}
        return {line: (score.value, halfwidth(score), score.stderr) for line, score in found.items() if score.known}

    with trial.probe.model.borrowed():
        truths = [ask(REFERENCE_SEED * (1 + i), samples * times) for i in range(rounds)]
        found = [ask(STRIDE * run, samples) for run in range(runs)]
    return {
        line: _held(float(np.mean([truth[line][0] for truth in truths])), [run[line] for run in found if line in run])
        for line in truths[0]
        if any(run.get(line, (0, 0, 0))[2] > 0 for run in found)  # one that knows no error states NaN
    }


def _held(truth: float, runs: list[tuple[float, float, float]]) -> Held:
    values, half, stderr = np.array(runs).T
    off = np.abs(values - truth)
    inside, real = off <= half + 1e-9, math.sqrt(np.mean(off**2))
    return Held(float(inside.mean()), len(runs), float(stderr.mean()) / real if real > 0 else math.inf)
