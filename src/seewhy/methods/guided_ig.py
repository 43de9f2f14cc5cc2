"""Guided integrated gradients: a path that moves the least sensitive values first, and so goes around steep slopes."""

from __future__ import annotations

import torch
from torch import Tensor

from ..domain.baseline import Baseline, Colour
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.ranges import positive, whole
from ..engine.probe import Probe
from ..registry import method


@method(
    "guided-ig",
    family="gradient",
    needs=Capability.SCORES | Capability.GRADIENTS,
    paper="Kapishnikov et al. 2021, arXiv:2106.09788",
    cost=lambda ask: Cost(1 + ask.fills * (1 + ask["steps"]), ask.fills * (1 + ask["steps"])),
    shows="What each pixel adds on a way to the image that goes around steep slopes.",
    traps=(
        "The path depends on the model: two models are compared along different ways.",
        "The answer depends on the baseline: what equals it gets zero.",
        "Among ReLUs the path slides along kinks: the sum may stay off, however many steps (see completeness).",
        "Steps are taken one after the other: it is slow on an accelerator.",
    ),
    axioms=("dummy", "timely", "motion"),
)
def guided_ig(
    probe: Probe, *, steps: int = 128, fraction: float = 0.25, leeway: float = 0.02, baseline: Baseline = Colour(0.0)
) -> Evidence:
    """Change of each value times the mean of its gradients before and after, summed over the steps of the path."""
    whole("steps", steps)
    positive("fraction", fraction)
    positive("leeway", leeway, or_zero=True)
    rows = [
        [_walked(probe, i, s, steps, fraction, leeway) for s in baseline.fill(image)]
        for i, image in enumerate(probe.images)
    ]
    values = torch.stack([torch.stack([found for found, _, _ in row]).mean(dim=0) for row in rows]).float()
    empty, end = (values.new_tensor([sum(one[k] for one in row) / len(row) for row in rows]) for k in (1, 2))
    return Evidence(values, total=values.flatten(1).sum(dim=1), explained=end - empty, empty=empty)


def _walked(
    probe: Probe, i: int, start: Tensor, steps: int, fraction: float, leeway: float
) -> tuple[Tensor, float, float]:
    """The map for one baseline, and the scores at both ends of the path."""
    way = (probe.images[i] - start).double()
    progress, total = torch.zeros_like(way), torch.zeros_like(way)
    first, gradient = _here(probe, i, start)
    score = first
    for step in range(1, steps + 1):
        further = advance(progress, way.abs(), gradient.abs(), step / steps, fraction, leeway)
        score, ahead = _here(probe, i, (start + further * way).float())
        total += (further - progress) * way * (gradient + ahead) / 2
        progress, gradient = further, ahead
    return total.sum(dim=0), first, score


def _here(probe: Probe, i: int, point: Tensor) -> tuple[float, Tensor]:
    scores, gradients = probe.scores_and_gradients(point[None], torch.tensor([i]))
    return float(scores[0]), gradients[0].double()


def advance(progress: Tensor, size: Tensor, steep: Tensor, to: float, fraction: float, leeway: float) -> Tensor:
    """Each value's progress (0 to 1) after the step that brings the mean, weighed by `size`, `to` a share (alg. 1).

    The `fraction` with the weakest gradients moves, again and again, none further than `leeway` from the straight line.
    """
    most, count = min(to + leeway, 1.0), int(fraction * (size.numel() - 1)) + 1
    progress, wanted = progress.clamp(min=max(to - leeway, 0.0)), to * float(size.sum())
    while (left := wanted - float((progress * size).sum())) > 1e-9 * wanted:
        behind = (progress < most) & (size > 0)
        if not behind.any():
            break
        steepness = torch.where(behind, steep, torch.inf)
        moving = behind & (steepness <= steepness.flatten().kthvalue(min(count, size.numel())).values)
        room = float(((most - progress) * size)[moving].sum())
        share = min(1.0, left / room)
        progress = torch.where(moving, most if share == 1 else progress + share * (most - progress), progress)
    return progress
