"""CAM: the feature maps of the last layer, weighted as the class weighs their means."""

from __future__ import annotations

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.maps import Sign, weighted_map
from ..engine.probe import Probe
from ..registry import method


@method(
    "cam",
    family="activation",
    needs=Capability.SCORES | Capability.GRADIENTS | Capability.LAYERS | Capability.POOLING,
    paper="Zhou et al. 2016, arXiv:1512.04150",
    cost=lambda ask: Cost(1, 1),
    shows="Coarse places that make up the class score: their mean is the score, but for the bias of the class.",
    traps=(
        "As coarse as the layer, whose features see far beyond their own place.",
        "On another scale than the logit the weights are those of the score near this image only.",
    ),
    axioms=("class-specific", "pointing", "timely", "motion"),
    reads=("layer",),
)
def cam(probe: Probe, *, sign: Sign = "positive") -> Evidence:
    """The class's weights are its gradient at the pooled features: summed over the places (eq. 2)."""
    record = probe.layer()
    return weighted_map(record, record.slopes.flatten(2).sum(dim=2), sign)
