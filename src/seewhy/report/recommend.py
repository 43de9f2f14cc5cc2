"""The verb `recommend`: which method is the most faithful for a model, with no more calls than it takes to tell."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from ..domain.options import encode
from ..domain.score import Line
from ..engine.control import Control, Progress
from ..errors import BadOption, BudgetTooSmall, MissingInput, near
from ..inputs.expand import Item, expand
from ..inputs.read import Sample
from ..metric_registry import all_metrics
from ..models.adapt import adapt
from ..models.model import Model
from ..render.number import duration
from ..run.allowance import Budget, calls_of, price
from ..run.batch import Backend, Job
from ..run.candidates import Entrants, entrants
from ..run.explainers import Explainer, Ours
from ..run.judging import Court, Judge
from ..stats.halving import behind, hopeless, rounds
from .card import Numbers
from .recommendation import Ending, Recommendation, Round
from .report_card import CONTROLS, judges_of, meet, missing, told_of
from .sitting import Sitting

PER_MAP = 600  # model calls: what candidates may take for one map where nobody says


def recommend(
    model: Any,
    images: Any,
    *,
    budget: Budget = None,
    methods: Any = None,
    line: str = "gain",
    metrics: Any = None,
    per_map: Budget = PER_MAP,
    masks: Any = None,
    gaze: Any = None,
    target: Any = None,
    clusters: Sequence[Any] | None = None,
    preprocess: Any = None,
    labels: Sequence[str] | None = None,
    device: str | torch.device | None = None,
    backend: Backend = "auto",
    seed: int = 0,
    progress: Progress | None = None,
    control: Control | None = None,
    announce: Callable[[str], None] | None = None,
) -> Recommendation:
    """Which method explains this model best on images like these: all on few, then the best on more.

    `budget`: the most that all of it may take, in model calls or seconds (`"60s"`); `methods`: as for `report_card`,
    where `auto` stands for methods of several families whose maps take at most `per_map` calls, and is what happens
    without it; `line`: of the report card, what counts as best; `metrics`: names with options, where the line should be
    measured otherwise; `announce`: is told the cost before it starts.
    """
    adapted = adapt(model, preprocess=preprocess, labels=labels, device=device)
    items, _ = expand(images)
    told = told_of(items, masks, gaze, target, clusters)
    judges, measured = _judged(line, metrics)
    with adapted.borrowed():
        first = meet(adapted, items)
        if first is None:
            raise MissingInput("There is no image to judge on.", fix="give images that can be read, better 40 or more.")
        allowed, priced = calls_of(budget, adapted, first)
        most, _ = calls_of(per_map, adapted, first)
        job = Job(adapted, [], control or Control(progress=progress), None, "float32", None, "quick", seed, backend)
        field = entrants(methods, adapted, first.pixels, most or PER_MAP, seed)
        court = Court(job, _with_controls(field, adapted, seed), judges, len(items))
        court, left_out = _within(court, field, first, allowed)
        race = _Race(court, measured, items, clusters, first, allowed)
        if announce is not None:
            announce(race.bill())
        race.run(told)
        return race.recommendation({**field.left_out, **left_out}, priced)


def _judged(line: str, metrics: Any) -> tuple[list[Judge], tuple[str, Line]]:
    """The metrics to ask, and the line that counts with the metric that it is of."""
    known = {one.name: metric.name for metric in all_metrics().values() for one in metric.lines}
    if line not in known:
        raise BadOption(f"No metric has a line {line!r}.{near(line, known)}", fix="see the report card for its lines.")
    judges = judges_of("extended", known[line] if metrics is None else metrics)
    found = [(j.metric.name, one) for j in judges for one in j.metric.lines if one.name == line]
    if not found:
        raise BadOption(f"line={line!r} is not of these metrics.", fix=f"ask for {known[line]}, which it is of.")
    if found[0][1].better == "neither":
        raise BadOption(f"line={line!r} describes a map, no value of it is better.", fix="give a line such as 'gain'.")
    return judges, found[0]


def _with_controls(field: Entrants, model: Model, seed: int) -> list[Explainer]:
    """Everybody; a search that asks the metric's own questions cannot be recommended."""
    bounds = [one.name for one in field.explainers if one.role == "bound"]
    if bounds:
        raise BadOption(f"{bounds[0]} is a yardstick for metrics, no method to use.", fix="leave it out.")
    return [*field.explainers, *missing(CONTROLS, field.explainers, model, seed)]


def _within(court: Court, field: Entrants, first: Sample, allowed: int | None) -> tuple[Court, dict[str, str]]:
    """As many as the budget pays a first round for, the dearest candidates left out; those that were named stay."""
    left_out: dict[str, str] = {}
    while allowed is not None and (cost := _first_round(court, first)) > allowed:
        methods = [one for one in court.explainers if one.role == "method"]
        spare = [one for one in methods if one.name in field.chosen]
        if not spare or len(methods) == 1:
            problem = (
                f"The first round on {rounds(court.images, len(court.explainers))[0]} images takes {cost} model calls"
            )
            raise BudgetTooSmall(
                f"{problem}, the budget is {allowed}.",
                fix=f"raise it to {cost} or more, name fewer or cheaper methods, or measure with fewer steps.",
            )
        dearest = max(spare, key=lambda one: _bill(court, [one], first))
        left_out[dearest.name] = f"the budget of {allowed} model calls pays no first round for it."
        court = replace(court, explainers=[one for one in court.explainers if one is not dearest])
    return court, left_out


def _first_round(court: Court, first: Sample) -> int:
    return _bill(court, court.explainers, first) * rounds(court.images, len(court.explainers))[0]


def _bill(court: Court, explainers: Sequence[Explainer], first: Sample) -> int:
    """Model calls at most for one image."""
    return replace(court, explainers=explainers).expected(first.pixels).calls


class _Race:
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

    def bill(self) -> str:
        """What it will take, in words."""
        court, most = self.sitting.court, self.sitting.expected.calls
        least, capped = _first_round(court, self.first), most if self.allowed is None else min(most, self.allowed)
        each = price(court.job.model, self.first)
        return (
            f"{len(court.explainers)} methods and controls on up to {len(self.items)} images: {least} to {capped} model "
            f"calls; at {each * 1e3:.3g} ms each {duration(each * least)} to {duration(each * capped)}."
        )

    def run(self, told: Callable[[int], tuple[Any, Any, Any]]) -> None:
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

    def _judge(self, size: int, told: Callable[[int], tuple[Any, Any, Any]]) -> None:
        """Images until so many are judged, none of them twice."""
        job = self.sitting.court.job
        each = _bill(self.sitting.court, self.sitting.court.asked, self.first)
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
        elif self.ended is None and hopeless(left, self._reachable(), tests=self.tests, clusters=clusters):
            self.ended = "tied"

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
        paid = (self.allowed - court.job.control.spent.calls) // _bill(court, court.asked, self.first)
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
