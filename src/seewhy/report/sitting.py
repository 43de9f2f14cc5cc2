"""One image after the other is judged, and nothing is kept of it but numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..domain.cost import Cost
from ..domain.score import Score
from ..errors import Cancelled, SeewhyError
from ..inputs.expand import Item
from ..inputs.read import Sample
from ..learners.masked_evaluator import MaskedEvaluator
from ..render.number import duration
from ..run.allowance import price
from ..run.judging import Court, Judged, Told
from ..run.samples import sample_for
from ..run.truth import on_model
from ..stats.interval import halfwidth
from .card import NO_MAP, NOT_ASKED, Contestant, Numbers, ReportCard, Row


class Sitting:
    """Numbers as they come; nothing of an image is kept but these."""

    def __init__(self, court: Court, announce: Callable[[str], None] | None) -> None:
        self.court, self.announce = court, announce
        self.columns: list[list[Judged]] = []
        self.names: list[str] = []
        self.kept: list[int] = []
        self.failures: dict[str, str] = {}
        self.first: SeewhyError | None = None  # of them
        self.expected, self.cancelled = Cost(), False

    def enter(self, index: int, item: Item, known: tuple[Any, Any, Any]) -> bool:
        """Judge one image; False when the run was cancelled."""
        job = self.court.job
        try:
            sample = sample_for(job.model, item)
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
            self.first = self.first or error
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
            self.announce(f"At most {self.expected}; at {each * 1e3:.3g} ms each up to {minutes}.")

    def card(
        self, level: str, clusters: Sequence[Any] | None, taught: MaskedEvaluator | None, seconds: float
    ) -> ReportCard:
        """All of it."""
        if not self.columns:
            assert self.first is not None  # there is at least one image, and none could be judged
            raise self.first
        job = self.court.job
        return ReportCard(
            job.model.name, level, tuple(self._contestants()), tuple(self._rows()), tuple(self.names), self.failures,
            None if clusters is None else tuple(clusters[i] for i in self.kept), job.control.spent, self.expected,
            seconds, self._settings(), self.cancelled, None if taught is None else taught.facts(),
        )  # fmt: skip

    def _settings(self) -> dict[str, Any]:
        judges = {judge.metric.name: dict(judge.options) for judge in self.court.judges}
        job = self.court.job
        return {"seed": job.seed, "precision": job.precision, "fill": repr(self.court.fill), "metrics": judges}

    def _contestants(self) -> Iterator[Contestant]:
        for explainer, found in zip(self.court.explainers, zip(*self.columns, strict=True), strict=True):
            made = [one for one in found if not one.problem]
            problems = Counter(one.problem for one in found if one.problem)
            cost, seconds = sum((one.cost for one in made), Cost()), sum(one.seconds for one in made)
            yield Contestant(explainer.name, explainer.role, cost, seconds, len(made), dict(problems))

    def _rows(self) -> Iterator[Row]:
        for judge in self.court.judges:
            for line in judge.metric.lines:
                key = (judge.metric.name, line.name)
                table = [[one.scores.get(key) for one in column] for column in self.columns]
                values, errors, halfwidths = (_each(table, read) for read in (_value, _error, halfwidth))
                whys = [dict(Counter(_whys(found, key))) for found in zip(*self.columns, strict=True)]
                yield Row(judge.metric.name, line, values, errors, halfwidths, tuple(whys))


def _each(table: Sequence[Sequence[Score | None]], read: Callable[[Score], float]) -> Numbers:
    """A number of each score (methods, images), NaN where there is none."""
    return np.array([[np.nan if score is None else read(score) for score in row] for row in table]).T


def _value(score: Score) -> float:
    return score.value


def _error(score: Score) -> float:
    return score.stderr


def _whys(found: Sequence[Judged], key: tuple[str, str]) -> Iterator[str]:
    """Why there is no number, for each image without one."""
    for one in found:
        score = one.scores.get(key)
        if score is None:
            yield NO_MAP if one.problem else NOT_ASKED
        elif not score.known:
            yield score.why


def _on(sample: Sample, known: tuple[Any, Any, Any]) -> Told:
    """What is known, on the model's pixels."""
    asked, truth, gaze = known
    return Told(asked, on_model(truth, sample, mask=True), on_model(gaze, sample, mask=False))
