"""The same question to networks that have forgotten all, or the upper part, of what they learned."""

from __future__ import annotations

from collections.abc import Collection

import torch

from ..domain.cost import Cost
from ..domain.score import Unjudged
from ..errors import MissingCapability
from ..models.model import Model
from .noise import noisy
from .trial import Trial

SETTLING, NOISE = 8, 0.1  # noisy copies of the image from which running statistics are taken; share of its range


def forgetful(trial: Trial, seed: int, parts: Collection[str] | None = None) -> Model:
    """The model with these parts, or all, drawn anew; it costs SETTLING forward passes."""
    images = noisy(trial.image, NOISE, torch.Generator().manual_seed(seed), SETTLING, size=1)
    try:
        model = trial.probe.model.randomised(images, seed=seed, parts=parts)
    except MissingCapability as error:
        raise Unjudged(error.problem) from error
    trial.probe.control.pay(Cost(SETTLING), "re-initialised")
    return model


def ever_more(trial: Trial, steps: int) -> list[list[str]]:
    """Parts to draw anew, from those nearest the answer to all, in at most so many steps of about equal size."""
    try:
        order = trial.probe.model.top_down(trial.image[None])
    except MissingCapability as error:
        raise Unjudged(error.problem) from error
    trial.probe.control.pay(Cost(1))
    steps = min(steps, len(order))
    return [order[: round(len(order) * step / steps)] for step in range(1, steps + 1)]
