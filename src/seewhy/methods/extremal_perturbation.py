"""Extremal perturbation: the part of the image, of a given area, that by itself keeps the score highest."""

from __future__ import annotations

import torch
from torch import Tensor

from ..domain.baseline import Baseline, Blur
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.ranges import Sides, along, whole
from ..domain.shapes import Masks, Scores
from ..engine.probe import Probe
from ..engine.smooth_masks import area_misfit, smooth_masks
from ..errors import BadOption
from ..registry import method

RATE, MOMENTUM = 0.02, 0.9
STRICT = 20.0  # weight of the area in the last step, in mean slopes of the score


@method(
    "extremal-perturbation",
    family="perturbation",
    needs=Capability.SCORES | Capability.GRADIENTS,
    paper="Fong, Patrick & Vedaldi 2019, arXiv:1910.08485",
    cost=lambda ask: Cost(
        1 + ask.fills * (1 + ask["areas"] * (ask["steps"] + 1)), ask.fills * ask["areas"] * ask["steps"]
    ),
    shows="What suffices: of the parts, each half of the one before, that score highest when shown alone, the share"
    " that a place is in.",
    traps=(
        "The search climbs from one start: another part may do as well or better, above all for small areas.",
        "A part can score higher than the whole image, for it also leaves out what speaks against the target.",
        "Masks are smooth: no part is smaller than about three `cells` along each side, nor sharper than one; of a clip"
        " the cells along time say how fast a part may move or change: 4,10,10 is slower than 10.",
        "What the baseline still shows, such as colours under a blur, need not be in the part.",
        "Hidden pixels fade into the baseline, and slopes are scaled so that no weight is to be tuned: the paper"
        " blurs each pixel as much as it is hidden, and gives the area a fixed weight that is doubled twice.",
    ),
    axioms=("class-specific",),
    signed=False,
)
def extremal_perturbation(
    probe: Probe, *, keep: float = 0.4, areas: int = 4, cells: Sides = 10, steps: int = 100, baseline: Baseline = Blur()
) -> Evidence:
    """Mean of the smooth masks that show `keep` of the image, half of that, a quarter ... and score highest."""
    for name, count in (("areas", areas), ("steps", steps)):
        whole(name, count)
    if not 0 < keep < 1:
        raise BadOption(f"keep={keep!r} is not a part of the image.", fix="give a share between 0 and 1.")
    shares = probe.images.new_tensor([keep / 2**i for i in range(areas)])
    values, told, empty = [], [], []
    for i, image in enumerate(probe.images):
        fills = baseline.fill(image)
        empty.append(probe.scores(fills, torch.full((len(fills),), i)).mean())
        masks = _searched(probe, i, fills, shares, cells, steps)
        values.append(masks.mean(dim=0))
        told.append(_told(masks, _alone(probe, i, fills, masks), probe.score(probe.clean)[i]))
    return Evidence(torch.stack(values), empty=torch.stack(empty), chosen=tuple(told))


def _searched(probe: Probe, i: int, fills: Tensor, shares: Tensor, cells: Sides, steps: int) -> Masks:
    """Gradient ascent on the score, against an area that counts ever more: the first step knows no area."""
    space = tuple(probe.images.shape[2:])
    levels = probe.images.new_full((len(shares), *map(min, along("cells", cells, space), space)), 0.5)
    speed, axes = torch.zeros_like(levels), tuple(range(1, levels.ndim))
    for step in range(steps):
        with torch.enable_grad():
            levels.requires_grad_()
            masks = smooth_masks(levels, space)
            misfit = area_misfit(masks, shares).sum() * levels[0].numel()
        slopes = _slopes(probe, i, fills, masks.detach())
        (up,) = torch.autograd.grad(masks, levels, slopes, retain_graph=True)
        (off,) = torch.autograd.grad(misfit, levels)
        up = up / up.abs().mean(dim=axes, keepdim=True).clamp(min=1e-30)
        speed = MOMENTUM * speed + up - STRICT * step / max(1, steps - 1) * off
        levels = (levels.detach() + RATE * speed).clamp(0, 1)
    return smooth_masks(levels, space)


def _slopes(probe: Probe, i: int, fills: Tensor, masks: Masks) -> Masks:
    """How the score changes with each pixel of each mask, on average over the fills."""
    shown = _shown(probe, i, fills, masks)
    gradients = probe.gradients(shown, torch.full((len(shown),), i)).unflatten(0, (len(fills), len(masks)))
    along: Tensor = gradients * (probe.images[i] - fills)[:, None]
    return along.sum(dim=2).mean(dim=0)


def _alone(probe: Probe, i: int, fills: Tensor, masks: Masks) -> Scores:
    shown = _shown(probe, i, fills, masks)
    return probe.scores(shown, torch.full((len(shown),), i)).reshape(len(fills), len(masks)).mean(dim=0)


def _shown(probe: Probe, i: int, fills: Tensor, masks: Masks) -> Tensor:
    """The image through each mask, on each fill."""
    return torch.cat([fill + masks[:, None] * (probe.images[i] - fill) for fill in fills])


def _told(masks: Masks, scores: Scores, score: Tensor) -> str:
    areas = masks.flatten(1).mean(dim=1)
    parts = ", ".join(
        f"{area:.0%} of it {alone:.4g}" for area, alone in zip(areas.tolist(), scores.tolist(), strict=True)
    )
    return f"The image scores {float(score):.4g}; shown alone, {parts}."
