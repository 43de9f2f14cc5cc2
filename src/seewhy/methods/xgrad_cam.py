"""XGrad-CAM: Grad-CAM with gradients averaged where the features are, not everywhere alike."""

from __future__ import annotations

import torch

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.maps import Sign, weighted_map
from ..engine.probe import Probe
from ..registry import method


@method(
    "xgrad-cam",
    family="activation",
    needs=Capability.SCORES | Capability.GRADIENTS | Capability.LAYERS,
    paper="Fu et al. 2020, arXiv:2008.02312",
    cost=lambda ask: Cost(1, 1),
    shows="Coarse places whose features raise the score, each channel weighted by its own share in the score.",
    traps=(
        "As coarse as the layer.",
        "The weights are right where features are never negative: a channel whose values cancel gets a weight of any"
        " size.",
    ),
    axioms=("class-specific", "pointing", "timely", "motion"),
    reads=("layer",),
)
def xgrad_cam(probe: Probe, *, layer: str | None = None, sign: Sign = "positive") -> Evidence:
    """Each channel's weight is its gradient averaged with its activation as the weight (eq. 8)."""
    record = probe.layer(layer)
    activations, slopes = record.activations.flatten(2), record.slopes.flatten(2)
    sums = activations.sum(dim=2)
    silent = sums.abs() <= 1e-2 * activations.abs().sum(dim=2)  # a channel that cancels has no average
    weights = (slopes * activations).sum(dim=2) / sums.where(~silent, torch.ones_like(sums))
    return weighted_map(record, weights.masked_fill(silent, 0.0), sign)
