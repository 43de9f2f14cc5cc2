"""Judge the maps of one image after the other: explain, hand to the metrics, keep numbers only."""

from __future__ import annotations

import functools
import math
import operator
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from ..domain.baseline import Baseline, Colour, Mean
from ..domain.cost import Cost
from ..domain.score import Effort, Score, Unjudged
from ..domain.target import Asked
from ..engine.maps import at_pixels
from ..engine.memory import peak
from ..engine.probe import Probe
from ..engine.records import Wants
from ..engine.trial import Trial
from ..errors import Cancelled
from ..inputs.read import Sample
from ..metric_registry import Metric
from ..models.model import Model
from .batch import Job, look
from .explainers import Explainer, problem_of
from .questions import asks_alone, question_of

SEARCHED = ("removal", "cost")  # families of metrics that a search for the steepest removal curves is judged by


@dataclass(frozen=True)
class Judge:
    """A metric with its options."""

    metric: Metric
    options: Mapping[str, Any]

    @property
    def effort(self) -> Effort:
        """What it asks for one map."""
        return self.metric.effort(self.options)

    def scores(self, trial: Trial) -> dict[str, Score]:
        """All lines; where nothing can be computed, the reason in each."""
        try:
            return dict(self.metric.function(trial, **self.options))
        except Unjudged as reason:
            return {line.name: Score.missing(str(reason)) for line in self.metric.lines}


@dataclass(frozen=True, eq=False)
class Told:
    """What the person knows about one image."""

    asked: Asked = None
    truth: Tensor | None = None
    gaze: Tensor | None = None


@dataclass(frozen=True, eq=False)
class Judged:
    """One explainer's map of one image."""

    scores: Mapping[tuple[str, str], Score]  # by metric and line
    cost: Cost = field(default_factory=Cost)
    seconds: float = 0.0
    problem: str = ""  # there is no map


@dataclass
class Taken:
    """Seconds, and bytes of an accelerator, that something took."""

    seconds: float = 0.0
    memory: float = math.nan


@contextmanager
def _measured(model: Model) -> Iterator[Taken]:
    taken, started = Taken(), time.perf_counter()
    with peak(model.device) as most:
        yield taken
    taken.seconds, taken.memory = time.perf_counter() - started, most.bytes


@dataclass(frozen=True)
class Court:
    """What is the same for every image."""

    job: Job
    explainers: Sequence[Explainer]
    judges: Sequence[Judge]
    images: int  # in all
    tuned: Model | None = None  # a copy that has learned to see images with holes
    dropped: Mapping[str, str] = field(default_factory=dict)  # who is not asked any more -> why

    @property
    def asked(self) -> list[Explainer]:
        """Those who are still asked."""
        return [one for one in self.explainers if one.name not in self.dropped]

    @functools.cached_property
    def fill(self) -> Baseline:
        """The mean colour of the data the model was trained on, as far as it is known."""
        known = self.job.model.preprocess
        return Mean() if known is None or not any(known.mean) else Colour(tuple(known.mean))

    def judges_of(self, explainer: Explainer) -> list[Judge]:
        """A bound is asked only about what it searched for, and about its cost."""
        bound = explainer.role == "bound"
        return [judge for judge in self.judges if not bound or judge.metric.family in SEARCHED]

    def effort(self, explainer: Explainer) -> Effort:
        """What the metrics ask for one map."""
        return functools.reduce(operator.add, (judge.effort for judge in self.judges_of(explainer)), Effort())

    def expected(self, image: Tensor) -> Cost:
        """Model calls for one image at most, as far as the explainers tell."""
        total = Cost()
        for explainer in self.asked:
            bill, effort = explainer.cost(image, self.job.model) or Cost(1, 1), self.effort(explainer)
            total += bill * (1 + effort.explanations) + effort.cost
        return total

    def judge(self, index: int, sample: Sample, told: Told) -> Iterator[Judged]:
        """What becomes of each explainer's map of one image."""
        job, model, asked = self.job, self.job.model, told.asked
        if asks_alone(model):
            question = question_of(model, sample, asked, job.control)
            model, asked = question.model, question.asked
        with model.borrowed():
            probe = Probe(model, sample.pixels[None], [], job.control, job.precision)
            asked_for = sum((self.effort(one).cost for one in self.asked), Cost())
            probe.expected = asked_for * self.images if job.backend == "auto" else Cost()
            wants = functools.reduce(operator.or_, (one.wants(model) for one in self.asked), Wants())
            with _measured(model) as shared:
                look(probe, job, wants, [asked], "logit")
            tuned = self._copy(probe)
            for explainer in self.explainers:
                if explainer.name in self.dropped:
                    yield self._unasked(self.dropped[explainer.name])
                else:
                    yield self._judged(explainer, probe, shared, tuned, index, sample, told)

    def _unasked(self, why: str) -> Judged:
        """What stands where nobody was asked."""
        missing = {(j.metric.name, line.name): Score.missing(why) for j in self.judges for line in j.metric.lines}
        return Judged(missing, problem=why)

    def _copy(self, probe: Probe) -> Probe | None:
        """The same question to the copy."""
        if self.tuned is None:
            return None
        copy = Probe(self.tuned, probe.images, probe.targets, probe.control, probe.precision)
        copy.expected = probe.expected
        return copy

    def _judged(
        self, explainer: Explainer, probe: Probe, looked: Taken, tuned: Probe | None, index: int, sample: Sample,
        told: Told,
    ) -> Judged:  # fmt: skip
        control, seed = self.job.control, self.job.seed + index
        before = control.spent
        try:
            with _measured(probe.model) as taken:
                evidence = explainer.of_image(index, sample).evidence(probe, seed=seed)
        except Cancelled:
            raise
        except Exception as error:  # a person's function may raise anything: this map is missing, the rest goes on
            return Judged({}, problem=problem_of(error))
        cost = control.since(before) + Cost(1, 1 if explainer.wants(probe.model).graph else 0)
        seconds = looked.seconds + taken.seconds  # what was shared is charged to each, as its calls are
        again = explainer.again
        trial = Trial(
            probe,
            at_pixels(evidence, tuple(probe.images.shape[2:]))[0].to(probe.images.device),
            self.fill,
            again=None if again is None else functools.partial(again, control=control, precision=probe.precision),
            evidence=evidence,
            promises=explainer.promises,
            truth=told.truth,
            gaze=told.gaze,
            tuned=tuned,
            cost=cost,
            seconds=seconds,
            memory=max(looked.memory, taken.memory),
            seed=seed,
        )
        judges = self.judges_of(explainer)
        scores = {(j.metric.name, line): score for j in judges for line, score in j.scores(trial).items()}
        return Judged(scores, cost, seconds)
