"""Insertion as RISE published it: the probability while the most relevant pixels come back into a blurred image."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ..domain.baseline import Baseline, Sample
from ..domain.cost import Cost
from ..domain.score import Effort, Line, Score, Scores
from ..engine.removal import area, vanishing
from ..engine.trial import Trial
from ..metric_registry import metric

SIDE, SIGMA = 11, 5.0  # of the blur, in pixels of the input whatever its size


@metric(
    "rise-insertion",
    family="removal",
    card="extended",
    blind_scale=True,
    paper="Petsiuk et al. 2018, arXiv:1806.07421",
    effort=lambda options: Effort(Cost(options["steps"])),
    lines=(Line("RISE insertion", "higher", "Area under the probability while the most relevant pixels come back."),),
    traps=(
        "Rewards blurred maps; its fill is not that of deletion, so that their difference is no symmetric gain.",
        "The authors' later notebook gives ResNet-50 0.772 and the paper 0.727: compare one protocol only.",
        "Published for the model's own top class; equal values were ordered by where they lie, here by seeded chance.",
    ),
)
def rise_insertion(trial: Trial, *, steps: int = 28) -> Scores:
    """Area under the curve, by trapezoids; the blur fades into the mean colour at the border, as zero padding does."""
    asked = trial.on("probability")
    blurred = _blurred(asked.image, asked.fill)
    last = asked.ranks.numel() - 1
    scores = vanishing(asked.whole(Sample(blurred[None])), last - asked.ranks, steps)
    return {"RISE insertion": Score(area(scores))}


def _blurred(image: Tensor, fill: Baseline) -> Tensor:
    mean = fill.fill(image)[0]
    planes = (image - mean).reshape(-1, 1, *image.shape[-2:])
    line = image.new_tensor(_kernel())
    kernel = line[:, None] * line
    return mean + functional.conv2d(planes, kernel[None, None], padding=SIDE // 2).reshape(image.shape)


def _kernel() -> list[float]:
    """A point blurred inside a window of so many pixels: what would leave it is mirrored back in."""
    reach = round(4 * SIGMA)
    offsets = torch.arange(-reach, reach + 1)
    weights = torch.exp(-0.5 * (offsets.double() / SIGMA) ** 2)
    source = (torch.arange(SIDE)[:, None] + offsets) % (2 * SIDE)
    source = torch.where(source < SIDE, source, 2 * SIDE - 1 - source)
    found: list[float] = (((source == SIDE // 2) * weights).sum(dim=1) / weights.sum()).tolist()
    return found
