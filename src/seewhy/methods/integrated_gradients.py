"""Integrated gradients: gradients summed up along the way from a baseline to the image."""

from __future__ import annotations

import torch

from ..domain.baseline import Baseline, Colour
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.path import mean_gradient
from ..engine.probe import Probe
from ..registry import method


@method(
    "integrated-gradients",
    family="gradient",
    needs=Capability.SCORES | Capability.GRADIENTS,
    paper="Sundararajan et al. 2017, arXiv:1703.01365",
    cost=lambda ask: Cost(1 + ask.fills * (1 + ask["steps"]), ask.fills * ask["steps"]),
    shows="What each pixel adds on the way from the baseline to the image; the map sums to the difference of scores.",
    traps=(
        "The answer depends on the baseline: what equals it gets zero.",
        "A small completeness residual proves the arithmetic, not the choice of the baseline.",
    ),
    axioms=("complete", "dummy", "linear"),
)
def integrated_gradients(probe: Probe, *, steps: int = 64, baseline: Baseline = Colour(0.0)) -> Evidence:
    """(image - baseline) times the mean gradient on the straight line between them (eq. 1)."""
    starts = torch.stack([baseline.fill(image) for image in probe.images], dim=1)
    maps = [(probe.images - start) * mean_gradient(probe, probe.images, start, steps=steps) for start in starts]
    values = torch.stack(maps).mean(dim=0).sum(dim=1)
    empty = torch.stack([probe.scores(start) for start in starts]).mean(dim=0)
    return Evidence(values, total=values.flatten(1).sum(dim=1), explained=probe.score(probe.clean) - empty, empty=empty)
