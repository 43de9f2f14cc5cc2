"""Determinism: whether the same question gets the same map."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..domain.score import Effort, Line, Score, Scores
from ..engine.trial import Trial
from ..errors import MissingCapability
from ..metric_registry import metric


def elsewhere(device: torch.device) -> torch.device | None:
    """Another device of this machine."""
    if device.type == "cuda":
        return torch.device("cpu")
    return torch.device("cuda") if torch.cuda.is_available() else None


@metric(
    "determinism",
    family="stability",
    card="standard",
    asks=("explainer",),
    paper="none: the same question, asked again",
    effort=lambda options: Effort(explanations=4 + torch.cuda.is_available()),
    lines=(
        Line("same call", "lower", "Largest difference when the question is repeated."),
        Line("other batch", "lower", "Largest difference when the image is asked about twice in one batch."),
        Line("other seed", "neither", "Largest difference with another seed: 0 where nothing is drawn."),
        Line("other device", "lower", "Largest difference on another device, where there is one."),
    ),
    traps=(
        "Rounding alone moves maps by about a millionth of their range; thresholds may turn that into more.",
        "A function that draws from a global stream looks steady here, since that is seeded before each call.",
    ),
)
def determinism(trial: Trial) -> Scores:
    """Differences from the map that is judged, as shares of its range."""
    image, span = trial.image[None], float(trial.varied.max() - trial.varied.min())

    def off(maps: Tensor) -> Score:
        return Score(float((maps - trial.varied).abs().max()) / span)

    return {
        "same call": off(trial.maps(image)),
        "other batch": off(trial.maps(torch.cat([image, image]))),
        "other seed": off(trial.maps(image, seed=trial.seed + 1)),
        "other device": _on_another(trial, off),
    }


def _on_another(trial: Trial, off: Callable[[Tensor], Score]) -> Score:
    device = elsewhere(trial.probe.model.device)
    if device is None:
        return Score.missing("there is no other device")
    try:
        model = trial.probe.model.moved(device)
    except MissingCapability as error:
        return Score.missing(error.problem)
    return off(trial.maps(trial.image[None], model=model))
