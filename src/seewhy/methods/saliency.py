"""Saliency: how strongly the score reacts when a pixel changes a little."""

from __future__ import annotations

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.probe import Probe
from ..registry import method


@method(
    "saliency",
    family="gradient",
    needs=Capability.SCORES | Capability.GRADIENTS,
    paper="Simonyan et al. 2013, arXiv:1312.6034",
    cost=lambda ask: Cost(1, 1),
    shows="Pixels whose slightest change moves the score most, up or down.",
    traps=(
        "Where the score is saturated the gradient is near zero, however important the pixel.",
        "It says how sensitive the model is, not what speaks for or against.",
    ),
    axioms=("dummy", "shift-invariant", "timely", "motion"),
    signed=False,
    reads=("input",),
)
def saliency(probe: Probe) -> Evidence:
    """Largest absolute gradient over the channels of each pixel."""
    return Evidence(probe.gradients().abs().amax(dim=1))
