"""Images close by, and how much the map moves on the way to them."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..domain.prediction import winners
from ..domain.ranges import positive, whole
from ..domain.shapes import Maps, Outputs, Variants
from .trial import Trial


def neighbours(trial: Trial, samples: int, radius: float) -> Variants:
    """Copies of the image moved by uniform noise of at most `radius` at each value, in [0,1] as images are."""
    whole("samples", samples)
    positive("radius", radius)
    generator = torch.Generator().manual_seed(trial.seed)
    noise = torch.rand(samples, *trial.image.shape, generator=generator).to(trial.image) * 2 - 1
    return (trial.image + radius * noise).clamp(0, 1)


def moved(trial: Trial, maps: Maps) -> Float[Tensor, " n"]:
    """How far each map lies from the map that is judged, as a share of its length."""
    return torch.div(distances(maps, trial.varied), trial.varied.norm())


def distances(some: Float[Tensor, "n *shape"], one: Float[Tensor, "*shape"]) -> Float[Tensor, " n"]:
    """The length of the difference of each to one."""
    return (some - one).flatten(1).square().sum(dim=1).sqrt()


def predicted_alike(trial: Trial, outputs: Outputs) -> Bool[Tensor, " n"]:
    """Whether each answer predicts the class that the image's own does."""
    kind = trial.target.kind
    return winners(outputs, kind) == winners(trial.probe.clean, kind)
