"""Eigen-Grad-CAM: the strongest common pattern of what a layer's features add to the score."""

from __future__ import annotations

import torch

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.components import first_component
from ..engine.maps import Sign
from ..engine.probe import Probe
from ..registry import method


@method(
    "eigen-grad-cam",
    family="activation",
    needs=Capability.SCORES | Capability.GRADIENTS | Capability.LAYERS,
    paper="Gildenblat et al. (pytorch-grad-cam), after Muhammad & Yeasin 2020, arXiv:2008.00299",
    cost=lambda ask: Cost(1, 1),
    shows="Where the features that the score depends on follow their strongest common pattern.",
    traps=(
        "No paper defines it: it is EigenCAM of gradient times activation, here without subtracting channels' means.",
        "A pattern joins channels that speak for the class and channels that speak against it: its sign is that of"
        " their sum over all places, and single places may disagree.",
        "As coarse as the layer.",
    ),
    axioms=("class-specific", "timely", "motion"),
    reads=("layer",),
)
def eigen_grad_cam(probe: Probe, *, layer: str | None = None, sign: Sign = "positive") -> Evidence:
    """Projection of gradient x activation on its first right singular vector, turned to agree with their sum."""
    record = probe.layer(layer)
    maps = torch.stack([first_component(product) for product in record.slopes * record.activations])
    return Evidence(maps.relu() if sign == "positive" else maps, layer=record.choice)
