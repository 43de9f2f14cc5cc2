"""Grad-CAM++: Grad-CAM with weights that count several instances of the class alike."""

from __future__ import annotations

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.maps import Pool, Sign, each_by_itself, frames_apart, plus_plus, weighted_map
from ..engine.probe import Probe
from ..registry import method


@method(
    "grad-cam++",
    family="activation",
    needs=Capability.SCORES | Capability.GRADIENTS | Capability.LAYERS,
    paper="Chattopadhay et al. 2018, arXiv:1710.11063",
    cost=lambda ask: Cost(1, 1),
    shows="Coarse places whose features raise the score, small and repeated objects included.",
    traps=("The weights take the score as an exponential, which logits are not.", "As coarse as the layer."),
    axioms=("class-specific", "pointing", "timely", "motion"),
    reads=("layer",),
)
def grad_cam_plus_plus(
    probe: Probe, *, layer: str | None = None, sign: Sign = "positive", pool: Pool = "auto"
) -> Evidence:
    """Positive gradients weighted by their second and third powers (eq. 19), then as in Grad-CAM.

    Of a clip the sums are over all moments, or over each by itself.
    """
    record = probe.layer(layer)
    own, told = each_by_itself(record, pool, reads_moments=probe.reads_moments)
    slope, activations = record.slopes, record.activations
    if own:
        slope, activations = frames_apart(slope), frames_apart(activations)
    weights = plus_plus(slope, slope**2, slope**3, activations)
    if own:
        weights = weights.unflatten(0, (len(record.activations), -1)).transpose(1, 2)
    return weighted_map(record, weights, sign, told)
