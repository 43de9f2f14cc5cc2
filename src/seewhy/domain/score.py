"""What a metric finds for one map: numbers with their own error, or why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from .cost import Cost

KEEPS, LOSES = 0.9, 0.5  # of a score: what still counts as kept, what as lost
Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True)
class Score:
    """One number; `stderr` is the error of the metric's own sampling, 0 where it samples nothing."""

    value: float
    stderr: float = 0.0
    why: str = ""  # there is no number
    freedom: float = math.inf  # degrees of freedom of the error: independent draws less one

    @property
    def known(self) -> bool:
        return not self.why

    @staticmethod
    def mean(draws: Sequence[float]) -> Score:
        """The mean of independent draws with its standard error; of a single one the error is not known."""
        values = np.asarray(draws, dtype=float)
        stderr = float(values.std(ddof=1) / len(values) ** 0.5) if len(values) > 1 else math.nan
        return Score(float(values.mean()), stderr, freedom=max(1, len(values) - 1))

    @staticmethod
    def average(scores: Sequence[Score]) -> Score:
        """The mean of independent scores; its error rests on as many draws as Welch 1947 says."""
        variances = [score.stderr**2 for score in scores]
        total = sum(variances)
        freedom = (
            total**2 / sum(v**2 / score.freedom for v, score in zip(variances, scores, strict=True)) if total else 1
        )
        return Score(sum(score.value for score in scores) / len(scores), total**0.5 / len(scores), freedom=freedom)

    @staticmethod
    def share(hits: float, draws: int) -> Score:
        """How often something happened, with the error of Agresti & Coull 1998: none seen is not never."""
        likely, more = (hits + 2) / (draws + 4), draws + 4
        return Score(hits / draws, (likely * (1 - likely) / more) ** 0.5)

    @staticmethod
    def missing(why: str) -> Score:
        """What stands where nothing can be computed."""
        return Score(math.nan, math.nan, why)


Scores = Mapping[str, Score]  # by the name of the line


@dataclass(frozen=True)
class Line:
    """One row of a report: what its number means."""

    name: str
    better: Better
    shows: str  # one sentence for a person
    ignorant: float | None = None  # what a map that knows nothing gets on average, where that is known
    share: bool = False  # 1 or 0 per image, so that the mean is a proportion


@dataclass(frozen=True)
class Effort:
    """What a metric asks for one map: model calls of its own, and explanations."""

    cost: Cost = field(default_factory=Cost)
    explanations: int = 0

    def __add__(self, other: Effort) -> Effort:
        return Effort(self.cost + other.cost, self.explanations + other.explanations)


class Unjudged(Exception):
    """A metric cannot say anything about this map; the reason stands in the report instead of a number."""
