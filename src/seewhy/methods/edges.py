"""Edge control: where the image has edges, whatever the model thinks."""

from __future__ import annotations

import torch

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.probe import Probe
from ..registry import method


@method(
    "edges",
    family="control",
    needs=Capability.SCORES,
    paper="control; Adebayo et al. 2018, arXiv:1810.03292",
    cost=lambda ask: Cost(1),
    shows="Where the brightness changes: what an edge detector finds without asking the model.",
    signed=False,
    class_blind=True,
    traps=("Looks like many gradient maps: a method that is not better than this says nothing about the model.",),
)
def edges(probe: Probe) -> Evidence:
    """The length of the gradient of the brightness, by central differences; of a clip in space only."""
    brightness = probe.images.float().mean(dim=1)
    down, right = (torch.gradient(brightness, dim=axis)[0] for axis in (-2, -1))
    return Evidence((down.square() + right.square()).sqrt(), notes=("A control: it knows nothing of the model.",))
