"""HiResCAM: feature maps weighted place by place with their gradients, so that nothing is averaged away."""

from __future__ import annotations

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.maps import Sign, weighted_map
from ..engine.probe import Probe
from ..registry import method


@method(
    "hires-cam",
    family="activation",
    needs=Capability.SCORES | Capability.GRADIENTS | Capability.LAYERS,
    paper="Draelos & Carin 2020, arXiv:2011.08891",
    cost=lambda ask: Cost(1, 1),
    shows="Coarse places that the score really depends on; exact where only pooling and a linear layer follow.",
    traps=(
        "As coarse as the layer.",
        "On layers far from the end it is a first-order estimate, and as noisy as the gradient.",
    ),
    axioms=("class-specific", "local", "pointing", "timely", "motion"),
    reads=("layer",),
)
def hires_cam(probe: Probe, *, layer: str | None = None, sign: Sign = "positive") -> Evidence:
    """Sum over channels of gradient times activation at each place (section 3.3)."""
    record = probe.layer(layer)
    return weighted_map(record, record.slopes, sign)
