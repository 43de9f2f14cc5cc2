"""The verb `recommend`: which method is the most faithful for a model, with no more calls than it takes to tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch

from ..domain.score import Line
from ..engine.control import Control, Progress
from ..errors import BadOption, BudgetTooSmall, MissingInput, near
from ..inputs.expand import expand
from ..inputs.read import Sample
from ..metric_registry import all_metrics
from ..models.adapt import adapt
from ..models.model import Model
from ..run.allowance import Budget, calls_of
from ..run.batch import Backend, Job
from ..run.candidates import Entrants, entrants
from ..run.explainers import Explainer
from ..run.judging import Court, Judge
from ..run.samples import met
from ..stats.halving import rounds
from .race import Race, bill, first_round
from .recommendation import Recommendation
from .report_card import controls_of, judges_of, missing, told_of

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
        first, items = met(adapted, items)
        if first is None:
            raise MissingInput("There is no image to judge on.", fix="give images that can be read, better 40 or more.")
        allowed, priced = calls_of(budget, adapted, first)
        most, _ = calls_of(per_map, adapted, first)
        job = Job(adapted, [], control or Control(progress=progress), None, "float32", None, "quick", seed, backend)
        field = entrants(methods, adapted, first.pixels, most or PER_MAP, seed)
        for one in field.explainers:
            one.meant_for(len(items))
        court = Court(job, _with_controls(field, adapted, seed, controls_of(first)), judges, len(items))
        court, left_out = _within(court, field, first, allowed)
        race = Race(court, measured, items, clusters, first, allowed)
        if announce is not None:
            announce(race.announced())
        race.run(told)
        return race.recommendation({**field.left_out, **left_out}, priced)


def _judged(line: str, metrics: Any) -> tuple[list[Judge], tuple[str, Line]]:
    """The metrics to ask, and the line that counts with the metric that it is of."""
    known = {one.name: metric.name for metric in all_metrics().values() for one in metric.lines}
    if line not in known:
        raise BadOption(f"No metric has a line {line!r}.{near(line, known)}", fix="see the report card for its lines.")
    judges = judges_of("extended", known[line] if metrics is None else metrics, {})
    found = [(j.metric.name, one) for j in judges for one in j.metric.lines if one.name == line]
    if not found:
        raise BadOption(f"line={line!r} is not of these metrics.", fix=f"ask for {known[line]}, which it is of.")
    if found[0][1].better == "neither":
        raise BadOption(f"line={line!r} describes a map, no value of it is better.", fix="give a line such as 'gain'.")
    return judges, found[0]


def _with_controls(field: Entrants, model: Model, seed: int, controls: Sequence[str]) -> list[Explainer]:
    """Everybody; a search that asks the metric's own questions cannot be recommended."""
    bounds = [one.name for one in field.explainers if one.role == "bound"]
    if bounds:
        raise BadOption(f"{bounds[0]} is a yardstick for metrics, no method to use.", fix="leave it out.")
    return [*field.explainers, *missing(controls, field.explainers, model, seed)]


def _within(court: Court, field: Entrants, first: Sample, allowed: int | None) -> tuple[Court, dict[str, str]]:
    """As many as the budget pays a first round for, the dearest candidates left out; those that were named stay."""
    left_out: dict[str, str] = {}
    while allowed is not None and (cost := first_round(court, first)) > allowed:
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
        dearest = max(spare, key=lambda one: bill(court, [one], first))
        left_out[dearest.name] = f"the budget of {allowed} model calls pays no first round for it."
        court = replace(court, explainers=[one for one in court.explainers if one is not dearest])
    return court, left_out
