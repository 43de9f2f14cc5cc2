"""Random control: a map that knows nothing, to measure others against."""

from __future__ import annotations

import torch

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.probe import Probe
from ..registry import method


@method(
    "random",
    family="control",
    needs=Capability.SCORES,
    paper="control; Adebayo et al. 2018, arXiv:1810.03292",
    cost=lambda ask: Cost(1),
    shows="Nothing: noise without any knowledge of the model.",
    signed=False,
    class_blind=True,
    traps=("Only a yardstick: a method that is not better than this says nothing.",),
)
def random_control(probe: Probe, *, seed: int = 0) -> Evidence:
    """Uniform noise at each pixel, the same for every image and class."""
    noise = torch.rand(probe.images.shape[2:], generator=torch.Generator().manual_seed(seed))
    return Evidence(noise.expand(len(probe.images), *noise.shape), notes=("A control: it knows nothing of the model.",))
