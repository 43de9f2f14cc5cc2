"""A number between its bounds, with what it rests on."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..domain.score import Score
from .quantiles import t_quantile


@dataclass(frozen=True)
class Interval:
    """An estimate and where the truth is, with 95 %; without bounds where nothing tells how far off it is."""

    value: float
    low: float
    high: float
    count: int  # images, or draws, that it rests on
    dropped: int = 0  # images for which the number could not be computed
    units: int = 0  # independent units among them: images, or clusters of images

    @property
    def known(self) -> bool:
        """Whether there is a value with bounds on both sides."""
        return math.isfinite(self.high - self.low) and math.isfinite(self.value)

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


def halfwidth(score: Score) -> float:
    """Of the 95 % interval that the sampling error of a metric leaves: Student's t, for draws are few."""
    return t_quantile(score.freedom) * score.stderr
