"""Centre prior: a bump in the middle, where photographers put things."""

from __future__ import annotations

import torch

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.ranges import positive
from ..engine.probe import Probe
from ..registry import method


@method(
    "centre-prior",
    family="control",
    needs=Capability.SCORES,
    paper="control; Judd et al. 2009, doi:10.1109/ICCV.2009.5459462",
    cost=lambda ask: Cost(1),
    shows="Only the middle of the image: what a guess without looking would say.",
    class_blind=True,
    traps=("Scores high in many metrics: a method that is not better than this says nothing.",),
    signed=False,
)
def centre_prior(probe: Probe, *, width: float = 0.25) -> Evidence:
    """A Gaussian in the middle; `width` is its standard deviation as a share of each side."""
    positive("width", width)
    bump = torch.ones(())
    for size in probe.images.shape[2:]:
        offset = (torch.arange(size) + 0.5) / size - 0.5
        bump = bump[..., None] * torch.exp(-0.5 * (offset / width) ** 2)
    return Evidence(bump.expand(len(probe.images), *bump.shape), notes=("A control: it knows nothing of the model.",))
