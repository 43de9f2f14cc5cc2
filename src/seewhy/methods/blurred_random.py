"""Blurred random control: smooth noise, which flatters many metrics."""

from __future__ import annotations

import torch

from ..domain.baseline import Blur
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.ranges import positive
from ..engine.probe import Probe
from ..registry import method


@method(
    "blurred-random",
    family="control",
    needs=Capability.SCORES,
    paper="control; Brocki & Chung 2023, arXiv:2304.13836 on why smooth maps score well",
    cost=lambda ask: Cost(1),
    shows="Nothing: smooth noise without any knowledge of the model.",
    signed=False,
    class_blind=True,
    traps=("Scores above plain noise in many metrics: a method that is not better than this says nothing.",),
)  # fmt: skip
def blurred_random(probe: Probe, *, width: float = 0.1, seed: int = 0) -> Evidence:
    """Uniform noise blurred by a Gaussian of `width` as a share of the shorter side, the same for every image."""
    positive("width", width)
    noise = torch.rand(1, *probe.images.shape[2:], generator=torch.Generator().manual_seed(seed))
    smooth = Blur(width).fill(noise)[0, 0]
    return Evidence(
        smooth.expand(len(probe.images), *smooth.shape), notes=("A control: it knows nothing of the model.",)
    )
