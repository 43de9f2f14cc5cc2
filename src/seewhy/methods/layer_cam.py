"""LayerCAM: feature maps weighted place by place with their positive gradients."""

from __future__ import annotations

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.maps import Sign, weighted_map
from ..engine.probe import Probe
from ..registry import method


@method(
    "layer-cam",
    family="activation",
    needs=Capability.SCORES | Capability.GRADIENTS | Capability.LAYERS,
    paper="Jiang et al. 2021, doi:10.1109/TIP.2021.3089943",
    cost=lambda ask: Cost(1, 1),
    shows="Places whose features raise the score; sharp also on early, fine layers.",
    traps=("Only positive gradients count, so evidence against is never shown.",),
    axioms=("class-specific", "local", "pointing", "timely", "motion"),
    reads=("layer",),
)
def layer_cam(probe: Probe, *, layer: str | None = None, sign: Sign = "positive") -> Evidence:
    """Sum over channels of positive gradient times activation at each place (eqs. 5 and 6)."""
    record = probe.layer(layer)
    return weighted_map(record, record.slopes.relu(), sign)
