"""EigenCAM: the strongest common pattern of a layer's features, whatever the class."""

from __future__ import annotations

import torch

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.components import first_component
from ..engine.probe import Probe
from ..registry import method


@method(
    "eigen-cam",
    family="activation",
    needs=Capability.SCORES | Capability.LAYERS,
    paper="Muhammad & Yeasin 2020, arXiv:2008.00299",
    cost=lambda ask: Cost(1),
    shows="Where the layer's features are most alike and strong: what stands out, not what speaks for a class.",
    traps=(
        "The same map for every class: it explains no decision.",
        "The sign of a principal component is a convention.",
    ),
    class_blind=True,
    reads=("layer",),
    axioms=("timely", "motion"),
)
def eigen_cam(probe: Probe, *, layer: str | None = None) -> Evidence:
    """Projection of the features on their first right singular vector, turned to agree with their mean."""
    record = probe.layer(layer, gradients=False)
    maps = torch.stack([first_component(features) for features in record.activations])
    return Evidence(maps, layer=record.choice)
