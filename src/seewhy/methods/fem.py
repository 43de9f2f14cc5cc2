"""FEM: where each channel of a layer is unusually strong, whatever the class."""

from __future__ import annotations

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.ranges import positive
from ..engine.maps import unusually_strong
from ..engine.probe import Probe
from ..registry import method


@method(
    "fem",
    family="activation",
    needs=Capability.SCORES | Capability.LAYERS,
    paper="Fuad et al. 2020, doi:10.1109/IPTA50016.2020.9286629",
    cost=lambda ask: Cost(1),
    shows="Where features of the layer stand out from the rest of the image: what is noticed, not what speaks for a"
    " class.",
    traps=(
        "The same map for every class: it explains no decision.",
        "Made for features that are never negative: a channel whose mean is negative gets no weight.",
        "Among few places none can be far above the mean: among 5 none is by more than 2 deviations.",
    ),
    signed=False,
    class_blind=True,
    jumps=True,
    reads=("layer",),
    axioms=("timely", "motion"),
)
def fem(probe: Probe, *, layer: str | None = None, deviations: float = 2.0) -> Evidence:
    """The means of the channels that are `deviations` above their mean at a place, summed (the k-sigma rule)."""
    positive("deviations", deviations, or_zero=True)
    record = probe.layer(layer, gradients=False)
    return Evidence(unusually_strong(record.activations, deviations), layer=record.choice)
