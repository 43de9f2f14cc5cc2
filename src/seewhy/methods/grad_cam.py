"""Grad-CAM: feature maps of one layer, weighted by how much the score depends on each."""

from __future__ import annotations

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.maps import Pool, Sign, each_by_itself, weighted_map
from ..engine.probe import Probe
from ..registry import method


@method(
    "grad-cam",
    family="activation",
    needs=Capability.SCORES | Capability.GRADIENTS | Capability.LAYERS,
    paper="Selvaraju et al. 2017, arXiv:1610.02391",
    cost=lambda ask: Cost(1, 1),
    shows="Coarse places whose features raise the score; sign='both' also shows those that lower it.",
    traps=(
        "As coarse as the layer: a 7 x 7 map cannot outline an object.",
        "Channel weights are averages, so a place can light up although the score does not depend on it there.",
    ),
    axioms=("class-specific", "pointing", "timely", "motion"),
    reads=("layer",),
)
def grad_cam(probe: Probe, *, layer: str | None = None, sign: Sign = "positive", pool: Pool = "auto") -> Evidence:
    """ReLU of the sum of feature maps, each weighted by its mean gradient (eqs. 1 and 2).

    Of a clip the mean is over all moments, or over each by itself.
    """
    record = probe.layer(layer)
    own, told = each_by_itself(record, pool, reads_moments=probe.reads_moments)
    weights = record.slopes.flatten(3 if own else 2).mean(dim=-1)
    return weighted_map(record, weights, sign, told)
