"""Cascading randomisation: how the map changes while the network forgets, from the answer down to the image."""

from __future__ import annotations

import torch

from ..domain.cost import Cost
from ..domain.ranges import positive, whole
from ..domain.score import Effort, Line, Score, Scores, Unjudged
from ..domain.shapes import Variants
from ..engine.agreement import spearman
from ..engine.forgetting import SETTLING, ever_more, forgetful
from ..engine.noise import noisy
from ..engine.trial import Trial
from ..metric_registry import metric
from ..models.model import Model


@metric(
    "cascading-randomisation",
    family="axiom",
    card="extended",
    at_most=True,
    asks=("explainer",),
    paper="Adebayo et al. 2018, arXiv:1810.03292 (MPRT); Hedström et al. 2024, arXiv:2401.06465 (sMPRT: samples=50)",
    effort=lambda options: Effort(
        Cost(1 + SETTLING * options["steps"]), options["samples"] * (options["steps"] + (options["samples"] > 1))
    ),
    lines=(
        Line("cascade", "higher", "Mean over the steps of 1 less the size of the rank correlation.", 0.0),
        Line("cascade, first", "higher", "After the first step: the parts nearest the answer have forgotten.", 0.0),
        Line("cascade, half", "higher", "After half of the steps.", 0.0),
        Line("cascade, all", "higher", "After the last step: everything is forgotten.", 0.0),
    ),
    traps=(
        "Lower parts keep their structure until the end, so maps of edges survive the first steps for good reasons.",
        "Published one layer at a time: give as many `steps` as the network has layers; averaged over 50 noisy images"
        " as sMPRT.",
    ),
)
def cascading_randomisation(trial: Trial, *, steps: int = 8, samples: int = 1, noise: float = 0.1) -> Scores:
    """Parts are drawn anew in `steps` steps; with more than one of `samples`, maps are means over noisy images."""
    whole("steps", steps)
    whole("samples", samples)
    positive("noise", noise)
    generator = torch.Generator().manual_seed(trial.seed)
    images = trial.image[None] if samples == 1 else noisy(trial.image, noise, generator, samples, size=1)
    before = trial.varied if samples == 1 else _mean(trial, images, trial.probe.model)
    found = [
        _changed(before, _mean(trial, images, forgetful(trial, trial.seed, parts))) for parts in ever_more(trial, steps)
    ]
    known = [score.value for score in found if score.known]
    return {
        "cascade": Score(sum(known) / len(known)) if len(known) == len(found) else _vanished(len(found) - len(known)),
        "cascade, first": found[0],
        "cascade, half": found[(len(found) - 1) // 2],
        "cascade, all": found[-1],
    }


def _mean(trial: Trial, images: Variants, model: Model) -> torch.Tensor:
    return trial.maps(images, model=model).mean(dim=0)


def _changed(before: torch.Tensor, after: torch.Tensor) -> Score:
    try:
        return Score(1 - abs(spearman(before, after)))
    except Unjudged as reason:
        return Score.missing(str(reason))


def _vanished(count: int) -> Score:
    return Score.missing(f"the map was the same everywhere after {count} of the steps")
