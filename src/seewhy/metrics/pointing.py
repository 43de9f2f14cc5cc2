"""Pointing game: whether the map's maximum lies in the mask, or nearly."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from ..domain.ranges import positive
from ..domain.score import Line, Score, Scores
from ..engine.trial import Trial
from ..metric_registry import metric

SIDE = 224  # the size of image whose pixels the reach counts


@metric(
    "pointing",
    family="place",
    card="standard",
    asks=("truth",),
    blind_scale=True,
    paper="Zhang et al. 2016, arXiv:1608.00507",
    lines=(
        Line("pointing", "higher", "Whether the maximum hits the mask."),
        Line("centre pointing", "neither", "The same for the middle of the image."),
    ),
    traps=(
        "Objects lie in the middle: a hit says little where the middle hits as well.",
        "Of several maxima the share that hits counts, so that a saturated map gets no hit for free.",
        "With and without tolerance, published numbers differ by seven points.",
    ),
)
def pointing(trial: Trial, *, reach: float = 15.0) -> Scores:
    """A hit within reach of the mask, in pixels of an image of 224; frames of a clip are not near each other."""
    positive("reach", reach, or_zero=True)
    near = _widened(trial.inside, reach / SIDE * min(trial.inside.shape[-2:]))
    peak = trial.varied == trial.varied.max()
    return {
        "pointing": Score(float(near[peak].double().mean())),
        "centre pointing": Score(float(near[..., *_middle(near)].double().mean())),
    }


def _widened(inside: Tensor, radius: float) -> Tensor:
    """The mask and all that is not farther from it than the radius, frame by frame."""
    most = math.floor(radius)
    steps = torch.arange(-most, most + 1, device=inside.device)
    disc = (steps[:, None] ** 2 + steps**2 <= radius**2).float()
    frames = inside.reshape(-1, 1, *inside.shape[-2:]).float()
    return (functional.conv2d(frames, disc[None, None], padding=most) > 0.5).reshape(inside.shape)


def _middle(near: Tensor) -> tuple[slice, slice]:
    """The one or two rows and columns in the middle."""
    rows, columns = (slice((side - 1) // 2, side // 2 + 1) for side in near.shape[-2:])
    return rows, columns
