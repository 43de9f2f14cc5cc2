"""Finer-CAM: Grad-CAM of what sets a class apart from those that the model finds most similar."""

from __future__ import annotations

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.ranges import positive, whole
from ..engine.maps import Sign, weighted_map
from ..engine.probe import Probe
from ..engine.similar import beyond_similar
from ..registry import method


@method(
    "finer-cam",
    family="activation",
    needs=Capability.SCORES | Capability.GRADIENTS | Capability.LAYERS,
    paper="Zhang et al. 2025, arXiv:2501.11309",
    cost=lambda ask: Cost(2, 1),
    shows="Coarse places whose features speak for this class more than for the classes with the nearest scores.",
    traps=(
        "As coarse as the layer.",
        "What the class shares with the similar ones is taken out, however much the model relies on it.",
        "Similar are the classes with the nearest scores of this image; they are named in the checks.",
    ),
    axioms=("class-specific", "timely", "motion"),
)
def finer_cam(
    probe: Probe, *, layer: str | None = None, sign: Sign = "positive", rivals: int = 3, share: float = 0.6
) -> Evidence:
    """Grad-CAM of the score less a share of the mean score of the most similar classes."""
    whole("rivals", rivals)
    positive("share", share, or_zero=True)
    targets, chosen = beyond_similar(probe, rivals, share)
    record = probe.against(targets).layer(layer)
    return weighted_map(record, record.slopes.flatten(2).mean(dim=2), sign, chosen)
