"""A clip seen in several views, whose answers the model averages in use: one question, one explanation for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from ..domain.check import Check
from ..domain.prediction import Prediction, winners
from ..domain.regions import Given
from ..domain.shapes import Outputs
from ..domain.target import OWN_SCALE, Asked, Kind, kind_of, probabilities
from ..engine.probe import Probe
from ..errors import BadOption
from ..explanation import Explanation
from ..inputs.read import Sample
from ..inputs.views import Views
from .batch import Job, explain_batch
from .joined_views import joined
from .questions import Question, asks_alone
from .results import Failure
from .targets import resolve

TOGETHER = 4  # views that share one pass


def explain_views(job: Job, samples: Sequence[Sample], asked: Asked) -> list[Explanation | Failure]:
    """One explanation per method: its score is the mean of the views' scores, its map that of their maps.

    A class's score is its probability unless something else was wished for, as that is what is averaged in use.
    """
    _possible(job)
    with job.model.borrowed():
        outputs = _answers(job, samples)
    kind = job.model.kind or kind_of(outputs)
    scale = job.scale or (None if kind in OWN_SCALE else "probability")
    question = _question(job, outputs, kind, asked)
    own = job.about(question, scale=scale)
    found: list[list[Explanation | Failure]] = []
    for start in range(0, len(samples), TOGETHER):
        some = samples[start : start + TOGETHER]
        found += explain_batch(own, some, [question.asked] * len(some))
    return [_one(list(views), job.views, winners(outputs, kind)) for views in zip(*found, strict=True)]


def _possible(job: Job) -> None:
    if asks_alone(job.model):
        problem = f"{job.model.name} answers {job.model.task}, which are not averaged over views."
        raise BadOption(problem, fix="leave views out, or give a model of classes or values.")
    if job.views.clips > 1 and any(isinstance(step.options.get("regions"), Given) for step in job.steps):
        problem = f"The regions were given for certain frames, and {job.views} views show {job.views.clips} stretches."
        raise BadOption(problem, fix="give regions that are found in each, such as tubes:7, or a single stretch.")


def _answers(job: Job, samples: Sequence[Sample]) -> Outputs:
    """What the model says of each view."""
    return Probe(job.model, torch.stack([sample.pixels for sample in samples]), [], job.control, job.precision).clean


def _question(job: Job, outputs: Outputs, kind: Kind, asked: Asked) -> Question:
    """What was asked, or the class that the mean of the answers predicts; probabilities are averaged, not logits."""
    mean = probabilities(outputs, kind).mean(dim=0, keepdim=True)
    averaged: Kind = "probabilities" if kind == "logits" else kind
    model = job.model
    prediction = Prediction.of(mean[0], averaged, model.labels, task=model.task, unit=model.unit)
    if asked is None:
        asked = resolve(None, mean, model.labels, None, "probability", averaged).index
    return Question(model, asked, prediction, calls=1)


def _one(found: list[Explanation | Failure], views: Views, chosen: torch.Tensor) -> Explanation | Failure:
    """One explanation of all views, or the failure of the first one that failed."""
    made = [one for one in found if isinstance(one, Explanation)]
    if len(made) < len(found):
        return next(one for one in found if isinstance(one, Failure))
    return joined(made, views, tuple(_told(made, views, chosen)))


def _told(found: Sequence[Explanation], views: Views, chosen: torch.Tensor) -> Iterator[Check]:
    """How many views there were, and how far they agree."""
    scores, target = [one.target.score for one in found], found[0].target
    scale = "" if target.index is None else target.scale
    what = {"probability": "probabilities", "logit": "logits", "log-odds": "log-odds"}.get(scale, "scores")
    words = (
        f"The mean of {len(found)} views, {views.clips} of the time and {views.crops} of each frame: {what} are"
        f" averaged, alone they are {min(scores):.4g} to {max(scores):.4g}."
    )
    agreeing = int(chosen.bincount().max()) / len(chosen)
    if found[0].prediction.kind != "values":
        words += f" {agreeing:.0%} of the views give the same answer by themselves."
    yield Check("views", "info", words, max(scores) - min(scores))
