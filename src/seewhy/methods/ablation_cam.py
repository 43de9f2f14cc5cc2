"""Ablation-CAM: feature maps weighted by how much the score drops without each."""

from __future__ import annotations

import torch

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.maps import Sign, weighted_map
from ..engine.probe import Probe
from ..registry import method


@method(
    "ablation-cam",
    family="activation",
    needs=Capability.SCORES | Capability.LAYERS,
    paper="Desai & Ramaswamy 2020, doi:10.1109/WACV45572.2020.9093360",
    cost=lambda ask: Cost(2),
    shows="Coarse places whose features the score would miss most; needs no gradient.",
    traps=(
        "As coarse as the layer.",
        "A channel set to zero can be an input that the rest of the network never met.",
        "The weights are drops of the score itself: dividing by the score, as published, turns the map around where"
        " the score is negative.",
    ),
    axioms=("class-specific", "pointing", "timely", "motion"),
    reads=("layer",),
)
def ablation_cam(probe: Probe, *, layer: str | None = None, sign: Sign = "positive") -> Evidence:
    """ReLU of the sum of feature maps, each weighted by the drop of the score without it (eq. 3, not divided)."""
    record = probe.layer(layer, gradients=False)
    lost = []
    for i in range(len(probe.images)):
        channels = probe.channels(i, layer)
        lost.append(channels.scores(~torch.eye(channels.count, dtype=torch.bool)))
    drops = probe.score(probe.clean)[:, None] - torch.stack(lost)
    return weighted_map(record, drops, sign)
