"""Methods compared image by image: who is better, who cannot be told apart, and how many images would tell."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ..errors import BadScores
from .bootstrap import FEWEST, RESAMPLES, difference_interval, mean_interval, resampled
from .interval import Interval
from .power import detectable, needed
from .quantiles import LEVEL
from .signs import holm, sign_flip
from .units import Numbers, Units

Verdict = Literal["better", "worse", "cannot be told apart"]


@dataclass(frozen=True)
class Contest:
    """Two methods on the same images: ours - theirs."""

    ours: str
    theirs: str
    difference: Interval
    p: float  # of the sign-flip test, corrected for all contests of the ranking (Holm)
    detectable: float  # the smallest difference that so many images show four times in five
    images_needed: float  # to see a difference as large as this one four times in five; infinite where it is zero

    @property
    def verdict(self) -> Verdict:
        """Of ours; only where bounds are known and the corrected p value is small."""
        if not self.difference.known or self.p > 1 - LEVEL:
            return "cannot be told apart"
        return "better" if self.difference.value > 0 else "worse"


@dataclass(frozen=True)
class Ranking:
    """Means with intervals, how likely each method is the best, and every contest of two."""

    means: Mapping[str, Interval]
    best: Mapping[str, float]  # share of resampled image sets on which the method leads; NaN from too few images
    contests: tuple[Contest, ...]
    images: int  # with a score of every method

    def contest(self, ours: str, theirs: str) -> Contest:
        """The contest of two, seen from ours."""
        for found in self.contests:
            if (found.ours, found.theirs) == (ours, theirs):
                return found
            if (found.theirs, found.ours) == (ours, theirs):
                return _turned(found)
        raise BadScores(f"{ours!r} and {theirs!r} were not compared.", fix=f"choose two of: {', '.join(self.means)}.")


def compare(scores: Mapping[str, ArrayLike], *, clusters: Sequence[Any] | None = None, seed: int = 0) -> Ranking:
    """Methods by their scores on the same images, higher being better; NaN where a score could not be computed.

    An image counts in a contest where both have a score, and for the best where all have.
    """
    tables = {name: np.asarray(column, dtype=np.float64) for name, column in scores.items()}
    if len({column.shape for column in tables.values()}) != 1:
        shapes = ", ".join(f"{name} {column.shape}" for name, column in tables.items())
        raise BadScores(f"The scores cannot be paired: {shapes or 'none'}.", fix="score the same images with each.")
    couples = list(itertools.combinations(tables, 2))
    raw = [_contest(a, b, tables[a], tables[b], clusters, seed, len(couples)) for a, b in couples]
    raised = holm([contest.p for contest in raw])
    together = Units.of(np.stack(list(tables.values()), axis=1), clusters)
    return Ranking(
        {name: mean_interval(column, clusters=clusters, seed=seed) for name, column in tables.items()},
        dict(zip(tables, _best(together, seed), strict=True)),
        tuple(replace(contest, p=p) for contest, p in zip(raw, raised, strict=True)),
        together.images,
    )


def _contest(
    ours: str, theirs: str, first: Numbers, second: Numbers, clusters: Sequence[Any] | None, seed: int, tests: int
) -> Contest:
    units = Units.of(first - second, clusters)
    interval = difference_interval(first, second, clusters=clusters, seed=seed)
    spread, per_unit = float(units.stderr[0]) * math.sqrt(len(units)), units.images / max(1, len(units))
    known = len(units) >= FEWEST
    return Contest(
        ours, theirs, interval, sign_flip(units, seed),
        detectable(spread, len(units), tests=tests) if known else math.inf,
        math.ceil(needed(interval.value, spread, tests=tests) * per_unit) if known and interval.value else math.inf,
    )  # fmt: skip


def _best(units: Units, seed: int) -> list[float]:
    """How often each column has the largest resampled mean; those that tie share."""
    if len(units) < FEWEST:
        return [math.nan] * units.sums.shape[1]
    means = resampled(units, RESAMPLES, seed)
    leads = means >= means.max(axis=1, keepdims=True)
    return [float(share) for share in (leads / leads.sum(axis=1, keepdims=True)).mean(axis=0)]


def _turned(contest: Contest) -> Contest:
    seen = contest.difference
    turned = replace(seen, value=-seen.value, low=-seen.high, high=-seen.low)
    return replace(contest, ours=contest.theirs, theirs=contest.ours, difference=turned)
