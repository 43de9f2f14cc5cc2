"""The verb `report_card`: how far explanations can be trusted, measured on a set of images beside controls."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from ..domain.cost import Cost
from ..domain.score import Line
from ..engine.control import Control, Progress
from ..errors import BadOption, Cancelled, MissingInput, SeewhyError, UnknownOption
from ..inputs.expand import Item, expand
from ..inputs.read import Sample, read_sample
from ..learners.masked_evaluator import FEWEST, MOST, MaskedEvaluator, fit
from ..metric_registry import CARDS, Card, Metric, find_metric, metrics_of
from ..models.adapt import adapt
from ..models.model import Model
from ..render.number import duration
from ..run.allowance import price
from ..run.batch import Backend, Job
from ..run.explain import preprocess_for
from ..run.explainers import Explainer, explainers_of
from ..run.judging import Court, Judge, Judged, Told
from ..run.plan import default_method, typed
from ..run.targets import per_input
from ..run.truth import on_model, per_image
from ..stats.bootstrap import mean_interval
from ..stats.compare import Contest, Ranking, compare
from ..stats.interval import Interval
from ..stats.proportions import wilson

CONTROLS = ("random", "blurred-random", "centre-prior", "edges")
IN_TIME = ("motion-energy", "first-frames")  # of clips
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Contestant:
    """A method as it appears in a report."""

    name: str
    control: bool
    cost: Cost  # of all its maps
    seconds: float
    maps: int  # that it made
    problems: Mapping[str, int] = field(default_factory=dict)  # why there is no map -> number of images


@dataclass(frozen=True, eq=False)
class Row:
    """One line of a metric: a number per method and image; NaN where there is none."""

    metric: str
    line: Line
    values: Numbers  # (methods, images)
    errors: Numbers  # standard error of the metric's own sampling
    whys: tuple[Mapping[str, int], ...]  # for each method, why there is no number -> number of images


@dataclass(frozen=True, eq=False)
class ReportCard:
    """Scores of several methods on the same images, with all that is needed to say what they mean."""

    model: str
    level: str
    contestants: tuple[Contestant, ...]
    rows: tuple[Row, ...]
    images: tuple[str, ...]
    failures: Mapping[str, str]  # image -> what happened
    clusters: tuple[Any, ...] | None  # of the images that are in
    cost: Cost
    expected: Cost  # at most, as far as the explainers tell
    seconds: float
    settings: Mapping[str, Any]
    cancelled: bool = False
    tuned: Mapping[str, float] | None = None  # how well the tuned copy knows images with holes

    @property
    def methods(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.contestants)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.methods)}

    def row(self, line: str) -> Row:
        """The row of a line."""
        found = [row for row in self.rows if row.line.name == line]
        if not found:
            names = ", ".join(row.line.name for row in self.rows)
            raise BadOption(f"This report has no line {line!r}.", fix=f"choose one of: {names}.")
        return found[0]

    def interval(self, method: str, line: str) -> Interval:
        """The mean over the images with its 95 % interval; of shares Wilson's."""
        row = self.row(line)
        values = row.values[self._index[method]]
        if row.line.share and self.clusters is None:
            return wilson(values)
        return mean_interval(values, clusters=self.clusters)

    def ranking(self, line: str = "gain", *, controls: bool = True) -> Ranking:
        """All methods compared in pairs on the same images, the better the higher."""
        row = self.row(line)
        sign = -1.0 if row.line.better == "lower" else 1.0
        chosen = [one.name for one in self.contestants if controls or not one.control]
        with_scores = {name: sign * row.values[self._index[name]] for name in chosen}
        return compare({n: v for n, v in with_scores.items() if not np.isnan(v).all()}, clusters=self.clusters)

    def against_controls(self, method: str, line: str = "gain") -> dict[str, Contest]:
        """The method with each control on the same images; "better than all" needs each of these to say so."""
        row, found = self.row(line), {}
        sign = -1.0 if row.line.better == "lower" else 1.0
        for control in (one.name for one in self.contestants if one.control and one.name != method):
            pair = {name: sign * row.values[self._index[name]] for name in (method, control)}
            if not any(np.isnan(values).all() for values in pair.values()):
                (found[control],) = compare(pair, clusters=self.clusters).contests
        return found

    def summary(self) -> str:
        """What may be concluded and what not, in sentences."""
        from .conclusions import conclusions

        return "\n".join(conclusions(self))

    def to_json(self) -> dict[str, Any]:
        """Plain data, every number of every image included; documented in docs/guide/report-card.md."""
        from .card_json import to_json

        return to_json(self)

    def html(self) -> str:
        """The whole report as one page that loads nothing from outside."""
        from .card_page import page

        return page(self)

    def save(self, directory: str | Path) -> Path:
        """Write report_card.json and report_card.html into a directory."""
        from .card_json import save

        return save(self, Path(directory))

    def __str__(self) -> str:
        return self.summary()


def report_card(
    model: Any,
    images: Any,
    methods: Any = None,
    *,
    masks: Any = None,
    gaze: Any = None,
    target: Any = None,
    level: Card = "standard",
    metrics: Any = None,
    controls: bool = True,
    tune: Any = False,
    clusters: Sequence[Any] | None = None,
    preprocess: Any = None,
    labels: Sequence[str] | None = None,
    device: str | torch.device | None = None,
    backend: Backend = "auto",
    seed: int = 0,
    progress: Progress | None = None,
    control: Control | None = None,
    announce: Callable[[str], None] | None = None,
    **options: Any,
) -> ReportCard:
    """Judge methods, functions `f(network, images, targets) -> maps`, or explanations on a set of images.

    `masks`, `gaze`: one per image, on the photo's pixels or the model's; `clusters`: a name per image of what belongs
    together (a patient, a video); `metrics`: names, or names with options, instead of those of the level; `tune`: teach
    a copy of the network to see images with holes, on these images or on those given, and judge by it too; `announce`:
    is told the cost before it starts.
    """
    adapted = adapt(model, preprocess=preprocess, labels=labels, device=device)
    items, _ = expand(images)
    if not items:
        raise MissingInput("There is no image to judge on.", fix="give at least one image; intervals need six.")
    told = _told(items, masks, gaze, target, clusters)
    reins = control or Control(progress=progress)
    started = time.perf_counter()
    with adapted.borrowed():
        clips = _meet(adapted, items) == 4
        explainers = explainers_of(methods or default_method(adapted), adapted, seed=seed, options=options)
        explainers = [*explainers, *_missing_controls(explainers, adapted, seed, controls, clips)]
        job = Job(adapted, [], reins, None, "float32", None, "quick", seed, backend)
        court = Court(job, explainers, _judges(level, metrics, clips), len(items))
        taught = None if tune is False else _tuned(court, items if tune is True else expand(tune)[0])
        court = replace(court, tuned=None if taught is None else taught.model)
        tally = _Tally(court, announce)
        for index, item in enumerate(items):
            if not tally.enter(index, item, told(index)):
                break
    return tally.card(level, clusters, taught, time.perf_counter() - started)


def _tuned(court: Court, items: Sequence[Item]) -> MaskedEvaluator:
    """The copy that has learned to see images with holes."""
    model, images = court.job.model, []
    for item in items[:MOST]:
        with suppress(SeewhyError):  # an image that cannot be read is reported where it is judged
            images.append(read_sample(item, preprocess_for(model, item)).pixels)
    same = [image for image in images if image.shape == images[0].shape]
    if len(same) < FEWEST:
        problem = f"{len(same)} images of one size teach nothing about holes."
        raise BadOption(problem, fix=f"give tune=IMAGES, at least {FEWEST}, better 100 or more.")
    return fit(model, torch.stack(same), fill=court.fill, seed=court.job.seed, control=court.job.control)


def _told(items: Sequence[Item], masks: Any, gaze: Any, target: Any, clusters: Sequence[Any] | None) -> Any:
    """What is known about an image, by its index; lists that do not fit are refused before anything runs."""
    targets, single = per_input(target, len(items), False)
    if not single:
        raise BadOption("Several targets per image cannot be judged at once.", fix="give one target per image.")
    if clusters is not None and len(clusters) != len(items):
        raise BadOption(f"{len(clusters)} clusters were named for {len(items)} images.", fix="name one per image.")
    truths, gazes = per_image(masks, len(items), "masks"), per_image(gaze, len(items), "gaze")
    return lambda i: (targets[i][0], truths[i], gazes[i])


def _meet(model: Model, items: Sequence[Item]) -> int:
    """Let the model meet the first image that can be read, as what it offers can depend on the shape; its axes."""
    for item in items:
        try:
            shape = tuple(read_sample(item, preprocess_for(model, item)).pixels.shape)
            model.meet(shape)
        except SeewhyError:
            continue
        return len(shape)
    return 0


def _missing_controls(
    explainers: Sequence[Explainer], model: Model, seed: int, wanted: bool, clips: bool
) -> list[Explainer]:
    known = {one.name for one in explainers}
    names = [name for name in (*CONTROLS, *(IN_TIME if clips else ())) if name not in known] if wanted else []
    return explainers_of(names, model, seed=seed)


def _judges(level: Card, metrics: Any, clips: bool) -> list[Judge]:
    """The metrics of a level, or those that were named."""
    if level not in get_args(Card):
        raise BadOption(f"level={level!r} is not possible.", fix=f"give one of: {', '.join(CARDS)}.")
    if metrics is None:
        return [_judge(metric, metric.brief if level == "quick" else {}) for metric in metrics_of(level, clips=clips)]
    named = {metrics: {}} if isinstance(metrics, str) else metrics
    named = named if isinstance(named, Mapping) else {name: {} for name in named}
    return [_judge(find_metric(name), given) for name, given in named.items()]


def _judge(metric: Metric, given: Mapping[str, Any]) -> Judge:
    for name in given:
        if name not in metric.options:
            known = ", ".join(metric.options) or "none"
            raise UnknownOption(f"{metric.name} has no option {name!r}.", fix=f"use its options: {known}.")
    return Judge(metric, {**metric.defaults, **typed(metric.function, given)})


class _Tally:
    """Numbers as they come; nothing of an image is kept but these."""

    def __init__(self, court: Court, announce: Callable[[str], None] | None) -> None:
        self.court, self.announce = court, announce
        self.columns: list[list[Judged]] = []
        self.names: list[str] = []
        self.kept: list[int] = []
        self.failures: dict[str, str] = {}
        self.expected, self.cancelled = Cost(), False

    def enter(self, index: int, item: Item, known: tuple[Any, Any, Any]) -> bool:
        """Judge one image; False when the run was cancelled."""
        job = self.court.job
        try:
            sample = read_sample(item, preprocess_for(job.model, item))
            job.model.meet(tuple(sample.pixels.shape))
            self._expect(sample)
            column = list(self.court.judge(index, sample, _on(sample, known)))
        except (Cancelled, KeyboardInterrupt):
            if not self.columns:
                raise
            self.cancelled = True
            return False
        except SeewhyError as error:
            self.failures[item.name] = error.problem
            return True
        self.columns.append(column)
        self.names.append(item.name)
        self.kept.append(index)
        return True

    def _expect(self, sample: Sample) -> None:
        """Before the first image: what all of it will cost at most."""
        if self.columns or self.expected.calls:
            return
        court = self.court
        self.expected = court.expected(sample.pixels) * court.images
        court.job.control.expected = self.expected.calls
        if self.announce is not None:
            each = price(court.job.model, sample)
            minutes = duration(each * self.expected.calls)
            self.announce(f"At most {self.expected}; at {each * 1e3:.3g} ms each about {minutes}.")

    def card(
        self, level: str, clusters: Sequence[Any] | None, taught: MaskedEvaluator | None, seconds: float
    ) -> ReportCard:
        """All of it."""
        if not self.columns:
            first = next(iter(self.failures.items()))
            raise MissingInput(f"None of the images could be judged; {first[0]}: {first[1]}", fix="mend the images.")
        job = self.court.job
        return ReportCard(
            job.model.name, level, tuple(self._contestants()), tuple(self._rows()), tuple(self.names), self.failures,
            None if clusters is None else tuple(clusters[i] for i in self.kept), job.control.spent, self.expected,
            seconds, self._settings(), self.cancelled, None if taught is None else taught.facts(),
        )  # fmt: skip

    def _settings(self) -> dict[str, Any]:
        judges = {judge.metric.name: dict(judge.options) for judge in self.court.judges}
        return {"seed": self.court.job.seed, "fill": repr(self.court.fill), "metrics": judges}

    def _contestants(self) -> Iterator[Contestant]:
        for explainer, found in zip(self.court.explainers, zip(*self.columns, strict=True), strict=True):
            made = [one for one in found if not one.problem]
            problems = Counter(one.problem for one in found if one.problem)
            cost, seconds = sum((one.cost for one in made), Cost()), sum(one.seconds for one in made)
            yield Contestant(explainer.name, explainer.control, cost, seconds, len(made), dict(problems))

    def _rows(self) -> Iterator[Row]:
        for judge in self.court.judges:
            for line in judge.metric.lines:
                key = (judge.metric.name, line.name)
                table = [[one.scores.get(key) for one in column] for column in self.columns]
                values = np.array([[np.nan if s is None else s.value for s in row] for row in table]).T
                errors = np.array([[np.nan if s is None else s.stderr for s in row] for row in table]).T
                whys = [
                    dict(Counter("there is no map" if s is None else s.why for s in row if s is None or not s.known))
                    for row in zip(*table, strict=True)
                ]
                yield Row(judge.metric.name, line, values, errors, tuple(whys))


def _on(sample: Sample, known: tuple[Any, Any, Any]) -> Told:
    """What is known, on the model's pixels."""
    asked, truth, gaze = known
    return Told(asked, on_model(truth, sample, mask=True), on_model(gaze, sample, mask=False))
