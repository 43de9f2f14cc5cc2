"""The course of a recommendation: all contestants on few images, those that are not surely behind on more."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..domain.options import encode
from ..domain.score import Line
from ..errors import BadOption
from ..inputs.expand import Item
from ..inputs.read import Sample
from ..render.number import duration
from ..run.allowance import price
from ..run.explainers import Explainer, Ours
from ..run.judging import Court
from ..stats.halving import behind, hopeless, rounds
from .card import Numbers
from .recommendation import Ending, Recommendation, Round
from .sitting import Sitting

Known = Callable[[int], tuple[Any, Any, Any]]  # of an image by its number: target, mask, gaze


def first_round(court: Court, first: Sample) -> int:
    return bill(court, court.explainers, first) * rounds(court.images, len(court.explainers))[0]


def bill(court: Court, explainers: Sequence[Explainer], first: Sample) -> int:
    """Model calls at most for one image."""
    return replace(court, explainers=explainers).expected(first.pixels).calls


class Race:
    """All contestants on few images, those that are not surely behind on more."""

    def __init__(
        self, court: Court, measured: tuple[str, Line], items: Sequence[Item], clusters: Sequence[Any] | None,
        first: Sample, allowed: int | None,
    ) -> None:  # fmt: skip
        self.sitting, self.measured, self.items, self.clusters = Sitting(court, None), measured, items, clusters
        self.first, self.allowed = first, allowed
        self.order = [int(i) for i in np.random.default_rng(court.job.seed).permutation(len(items))]
        self.sizes = rounds(len(items), len(court.explainers))
        self.tests = (len(court.explainers) - 1) * len(self.sizes)
        self.sitting.expected = court.expected(first.pixels) * len(items)
        self.rounds: list[Round] = []
        self.ended: Ending | None = None
        self.started = time.perf_counter()

    def announced(self) -> str:
        """What it will take, in words."""
        court, most = self.sitting.court, self.sitting.expected.calls
        least, capped = first_round(court, self.first), min(most, self.allowed or most)
        each = price(court.job.model, self.first)
        return (
            f"{len(court.explainers)} methods and controls on up to {len(self.items)} images: {least} to {capped} "
            f"model calls; at {each * 1e3:.3g} ms each {duration(each * least)} to {duration(each * capped)}."
        )

    def run(self, told: Known) -> None:
        """Round after round, until nothing is left to be told or to tell it with."""
        for size in self.sizes:
            self._judge(size, told)
            if len(self.sitting.names) > (self.rounds[-1].images if self.rounds else 0):
                self._look()
            if self.ended is not None:
                return
        self.ended = "images"

    def recommendation(self, left_out: Mapping[str, str], priced: str) -> Recommendation:
        """What was found."""
        court = self.sitting.court
        card = self.sitting.card("extended", self.clusters, None, time.perf_counter() - self.started)
        settings = {one.name: _setting(one) for one in court.explainers}
        return Recommendation(
            court.job.fingerprint, self.measured[1].name, settings, tuple(self.rounds), self.tests,
            self.ended or "images", left_out, card, priced,
        )  # fmt: skip

    def _judge(self, size: int, told: Known) -> None:
        """Images until so many are judged, none of them twice."""
        job = self.sitting.court.job
        each = bill(self.sitting.court, self.sitting.court.asked, self.first)
        job.control.expected = min(
            job.control.spent.calls + each * (len(self.items) - len(self.sitting.names)),
            self.sitting.expected.calls if self.allowed is None else self.allowed,
        )
        while self.order and len(self.sitting.names) < size:
            if self.allowed is not None and job.control.spent.calls + each > self.allowed:
                self.ended = "budget"
                return
            index = self.order.pop(0)
            if not self.sitting.enter(index, self.items[index], told(index)):
                self.ended = "cancelled"
                return

    def _look(self) -> None:
        """Drop who is surely behind, and stop where there is nothing more to tell."""
        scores, clusters = self._scores(), self._clusters()
        blank = {name: "" for name, column in scores.items() if np.isnan(column).all()}
        alive = {name: column for name, column in scores.items() if name not in blank}
        if not alive:
            raise BadOption(
                f"Nobody has a number for {self.measured[1].name!r}: {self._why()}", fix="give another line."
            )
        lost = behind(alive, tests=self.tests, clusters=clusters)
        self.rounds.append(Round(len(self.sitting.names), tuple(scores), {**blank, **lost}))
        court, why = self.sitting.court, f"dropped after round {len(self.rounds)}"
        self.sitting.court = replace(court, dropped={**court.dropped, **dict.fromkeys((*blank, *lost), why)})
        left = {name: column for name, column in alive.items() if name not in lost}
        methods = [one.name for one in self.sitting.court.asked if one.role == "method"]
        if len(left) == 1 or not methods:
            self.ended = "decided"
        elif self.ended is None and self._vain(left):
            self.ended = "tied"

    def _vain(self, left: Mapping[str, Numbers]) -> bool:
        """Whether all images that there can be would not tell those that are left apart."""
        most = self._reachable()
        return most > len(self.sitting.names) and hopeless(left, most, tests=self.tests, clusters=self._clusters())

    def _scores(self) -> dict[str, Numbers]:
        """Those who are asked, on all images so far; the better the higher."""
        metric, line = self.measured
        sign, court = -1.0 if line.better == "lower" else 1.0, self.sitting.court
        columns = zip(court.explainers, zip(*self.sitting.columns, strict=True), strict=True)
        found = {one.name: [judged.scores.get((metric, line.name)) for judged in column] for one, column in columns}
        return {
            name: np.array([np.nan if score is None else sign * score.value for score in column])
            for name, column in found.items()
            if name not in court.dropped
        }

    def _clusters(self) -> list[Any] | None:
        return None if self.clusters is None else [self.clusters[i] for i in self.sitting.kept]

    def _reachable(self) -> int:
        """How many images there can be in the end."""
        court, seen = self.sitting.court, len(self.sitting.names)
        if self.allowed is None:
            return seen + len(self.order)
        paid = (self.allowed - court.job.control.spent.calls) // bill(court, court.asked, self.first)
        return seen + min(len(self.order), max(0, paid))

    def _why(self) -> str:
        """The most common reason for a missing number."""
        metric, line = self.measured
        judged = [one for column in self.sitting.columns for one in column]
        said = Counter(one.problem or one.scores[metric, line.name].why for one in judged)
        return said.most_common(1)[0][0]


def _setting(one: Explainer) -> dict[str, Any] | None:
    """How to ask for it again: the seed is the caller's own."""
    if not isinstance(one, Ours):
        return None
    options = {name: value for name, value in one.step.options.items() if name != "seed"}
    return {"method": one.entry.name, "options": {name: encode(value) for name, value in options.items()}}
