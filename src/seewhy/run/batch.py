"""Explain one batch of equal-sized inputs with several methods from shared runs."""

from __future__ import annotations

import functools
import operator
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from ..domain.capability import Capability
from ..domain.check import Check
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.prediction import Prediction, rival
from ..domain.target import Asked, Scale, Target, kind_of
from ..engine.control import Control
from ..engine.probe import Precision, Probe, pays_to_compile, read
from ..engine.records import Reading, Wants
from ..errors import Cancelled
from ..explanation import Explanation
from ..inputs.read import Sample
from ..inputs.views import ONE, Views
from ..models.model import Cut, Model
from .checks import Subject, checks_of
from .plan import Step, affordable, wants_of
from .questions import Question, asks_alone, question_of
from .results import Failure, cancelled
from .targets import resolve
from .wrap import Spent, Wrapping, wrap

Backend = Literal["auto", "plain"]  # plain: the model as it is, nothing prepared, nothing left out
TOO_COARSE = "Gradients at single pixels were computed in float32: in bfloat16 they are lost in rounding."


@dataclass(frozen=True)
class Job:
    """What is the same for every input of a run."""

    model: Model
    steps: Sequence[Step]
    control: Control
    scale: Scale | None
    precision: Precision
    budget: int | None
    checks: str  # quick, standard, full
    seed: int
    backend: Backend = "auto"
    priced: str = ""  # how seconds became a budget of calls
    rows: int = 1  # questions in the whole run
    question: Question | None = None  # what one input was asked that no row of the model alone answers
    views: Views = ONE  # of each clip, averaged

    def cut(self, wants: Wants, image: Tensor) -> Cut | None:
        """A faster way to the one layer that all rows are read at, where there are so many that making it pays."""
        if self.backend == "plain" or not wants.single_layer or not pays_to_compile(Cost(self.rows)):
            return None
        key = (*wants.layers, *image.shape)
        if key not in self._cuts:
            self._cuts[key] = self.model.halves(wants.layers[0], image[None], self.precision)
        return self._cuts[key]

    @cached_property
    def _cuts(self) -> dict[tuple[str | int, ...], Cut | None]:
        return {}

    def about(self, question: Question, *, scale: Scale | None = None) -> Job:
        """The same run with a question of its own; the model's fingerprint is not taken again."""
        own = replace(self, model=question.model, question=question, scale=scale or self.scale)
        own.__dict__["fingerprint"] = self.fingerprint
        return own

    @cached_property
    def fingerprint(self) -> str:
        """Of the model as it was when the run began."""
        return self.model.fingerprint


def explain_batch(job: Job, samples: Sequence[Sample], asked: Sequence[Asked]) -> list[list[Explanation | Failure]]:
    """One explanation per row and method; rows are (image, target) pairs."""
    if asks_alone(job.model) and job.question is None:
        return [row for pair in zip(samples, asked, strict=True) for row in _alone(job, *pair)]
    images = torch.stack([sample.pixels for sample in samples])
    probe = Probe(job.model, images, [], job.control, job.precision)
    with job.model.borrowed():
        wants = wants_of_all(job)
        probe.cut = job.cut(wants, images[0])
        published: Scale = next((s.entry.scale for s in job.steps if s.entry.reads), job.steps[0].entry.scale)
        started = time.perf_counter()
        look(probe, job, wants, asked, published)
        looked = (time.perf_counter() - started) / len(samples)
        if job.budget is not None:  # counting the parts means making them, so only where it matters
            for step in job.steps:
                affordable(step, step.on(samples[0].geometry).cost(images[0], job.model), job.budget)
        columns: list[list[Explanation | Failure]] = []
        for step in job.steps:
            found = _run(probe, job, step, samples, asked, looked)
            columns.append(_column(found, job, samples, first=not columns))
    return [list(row) for row in zip(*columns, strict=True)]


def _alone(job: Job, sample: Sample, asked: Asked) -> list[list[Explanation | Failure]]:
    """A question about one input that becomes one about the rows of a model made for it."""
    with job.model.borrowed():
        question = question_of(job.model, sample, asked, job.control)
    return explain_batch(job.about(question), [sample], [question.asked])


def _column(
    found: Iterator[Explanation], job: Job, samples: Sequence[Sample], *, first: bool
) -> list[Explanation | Failure]:
    """What one method found for each row; what is missing when the run is cancelled stands in it as a failure."""
    column: list[Explanation | Failure] = []
    try:
        for explanation in found:
            column.append(explanation)
    except (Cancelled, KeyboardInterrupt):
        if first and not column:
            raise
        job.control.cancel()
        column += [cancelled(sample.picture.name) for sample in samples[len(column) :]]
    return column


def wants_of_all(job: Job) -> Wants:
    """All that the methods will read of the clean images, so that one pass serves them together."""
    return functools.reduce(operator.or_, (wants_of(step, job.model) for step in job.steps))


def look(probe: Probe, job: Job, wants: Wants, asked: Sequence[Asked], published: Scale) -> None:
    """The shared pass: the prediction, the targets that follow from it, and what the methods read."""
    labels, rivals = job.model.labels, [None] * len(asked)
    probe.rivals = [] if job.checks != "quick" and wants.graph else None
    chosen: dict[int, Target] = {}

    def choose(outputs: Tensor, start: int) -> None:
        for i, row in enumerate(outputs, start):
            chosen[i] = resolve(asked[i], row[None], labels, job.scale, published, job.model.kind)
            other = rival(chosen[i], row[None], labels)
            rivals[i] = other or chosen[i]  # type: ignore[call-overload]
        probe.targets = [chosen.get(i, chosen[start]) for i in range(len(asked))]
        if probe.rivals is not None:
            probe.rivals = [r or probe.targets[i] for i, r in enumerate(rivals)]

    probe.reading, probe.rival_reading = read(probe, wants, choose)


def _run(
    probe: Probe, job: Job, step: Step, samples: Sequence[Sample], asked: Sequence[Asked], looked: float
) -> Iterator[Explanation]:
    """One method over the batch: together when it only reads the shared pass, image by image when it asks more."""
    outputs, labels = probe.clean, job.model.labels
    scale, kind = step.entry.scale, job.model.kind
    targets = [resolve(a, outputs[i : i + 1], labels, job.scale, scale, kind) for i, a in enumerate(asked)]
    if step.entry.only_looks:
        own = probe if targets == probe.targets else probe.against(targets)
        yield from _explained(own, job, step, samples, looked)
    else:
        for i, sample in enumerate(samples):
            yield from _explained(probe.only(i, targets[i]), job, step.on(sample.geometry), [sample], looked)


def _explained(probe: Probe, job: Job, step: Step, samples: Sequence[Sample], looked: float) -> Iterator[Explanation]:
    """Run one method on a probe, compare with another class, check and wrap; `looked`: time of the shared pass."""
    evidence, cost, seconds = _ran(probe, job, step)
    ran = dict(job.control.ran) or ({probe.looked: 1} if step.entry.reads else {})
    precision = "float32" if job.control.precise else job.precision
    labels = job.model.labels
    others = [rival(target, row[None], labels) for target, row in zip(probe.targets, probe.clean, strict=True)]
    other, why, check_cost = _compared(probe, job, step, evidence, others)
    for i, sample in enumerate(samples):
        row = probe.clean[i : i + 1]
        subject = Subject(
            step.entry, job.model, evidence, i, probe.targets[i], float(probe.targets[i](row)[0]), others[i],
            None if other is None or others[i] is None else other.values[i].float(), why, row.shape[1],
        )  # fmt: skip
        checks = (*_chosen(job, step, precision), *sample.doubts, *checks_of(subject))
        marked = None if job.question is None else job.question.marked
        facts = Wrapping(subject, step, sample, _prediction(job, row), checks, job.fingerprint, marked)
        spent = Spent(cost, check_cost, looked + seconds / len(samples))
        yield wrap(facts, spent, ran, seed=job.seed, precision=precision)


def _chosen(job: Job, step: Step, precision: str) -> Iterator[Check]:
    """Why this method ran, and what budget and precision were, where a person did not say it."""
    if step.why:
        yield Check("method", "info", step.why[0].upper() + step.why[1:])
    if job.priced:
        yield Check("budget", "info", job.priced)
    if precision != job.precision:
        yield Check("precision", "info", TOO_COARSE)


def _prediction(job: Job, row: Tensor) -> Prediction:
    """What the model answered, as the question found it or as the row tells it."""
    if job.question is not None and job.question.prediction is not None:
        return job.question.prediction
    model = job.model
    return Prediction.of(row[0], model.kind or kind_of(row), model.labels, task=model.task, unit=model.unit)


def _ran(probe: Probe, job: Job, step: Step) -> tuple[Evidence, Cost, float]:
    """The method's evidence, what it cost for one image, and how long it took for all."""
    entry, control = step.entry, job.control
    clean = Cost(1, 1 if entry.reads and Capability.GRADIENTS in entry.needs else 0)
    resolving = Cost(0 if job.question is None else job.question.calls)  # paid beside the budget
    control.share = None if job.budget is None else job.budget - clean.calls
    control.start()
    probe.expected = entry.passes(step.options) if job.backend == "auto" else Cost()
    control.ran.clear()
    control.precise = job.precision != "float32" and wants_of(step, job.model).pixels
    before, started = control.spent, time.perf_counter()
    evidence = entry.function(probe, **step.options)
    return evidence, resolving + clean + control.since(before), time.perf_counter() - started


def _compared(
    probe: Probe, job: Job, step: Step, evidence: Evidence, others: Sequence[Target | None]
) -> tuple[Evidence | None, str, Cost]:
    """The evidence for the strongest other class, or why there is none, and what that cost."""
    before = job.control.checked
    try:
        with job.control.checking():
            other, why = _rival_evidence(probe, job, step, evidence, others)
    except (Cancelled, KeyboardInterrupt):  # the explanation itself is there already
        job.control.cancel()
        other, why = None, "the run was cancelled"
    shared = step.entry.reads and Capability.GRADIENTS in step.entry.needs and other is not None
    return other, why, job.control.checked.minus(before) + Cost(0, 1 if shared else 0)


def _rival_evidence(
    probe: Probe, job: Job, step: Step, evidence: Evidence, others: Sequence[Target | None]
) -> tuple[Evidence | None, str]:
    """The same method asked about the strongest other class, where that costs little or nothing."""
    entry, options = step.entry, dict(step.options)
    if all(other is None for other in others):
        return None, "there is no other class to compare with"
    if job.checks == "quick" or entry.family == "control":
        return None, "quick checks were asked for"
    if job.control.cancelled:
        return None, "the run was cancelled"
    rivals = [other or target for other, target in zip(others, probe.targets, strict=True)]
    reading = None
    if entry.reads:
        reading = probe.rival_reading if Capability.GRADIENTS in entry.needs else probe.reading
    elif Capability.GRADIENTS in entry.needs and job.checks != "full":
        return None, "it would cost as much again (checks='full' does it)"
    drawn = None if evidence.sampling is None or evidence.sampling[0].stop == "exact" else evidence.sampling[0]
    if drawn is not None and not entry.samples and job.checks != "full":  # what it asks depends on the answers
        return None, "it would cost as much again (checks='full' does it)"
    if drawn is not None and entry.samples:  # the same draws again: their answers are remembered
        options |= {"samples": drawn.samples, "tolerance": 0.0}
    job.control.share = None
    job.control.start()
    return entry.function(probe.against(rivals, reading or Reading.of_outputs(probe.clean)), **options), ""
