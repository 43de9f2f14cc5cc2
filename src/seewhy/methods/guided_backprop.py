"""Guided backpropagation: the gradient that only passes rectifiers which were on and where it is positive."""

from __future__ import annotations

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.bending import rectified_gradients
from ..engine.probe import Probe
from ..registry import method


@method(
    "guided-backprop",
    family="gradient",
    needs=Capability.SCORES | Capability.GRADIENTS,
    paper="Springenberg et al. 2014, arXiv:1412.6806",
    cost=lambda ask: Cost(2, 1),
    shows="Edges and textures that switch units on, nearly the same whatever the class.",
    traps=(
        "Not faithful: it restores parts of the image more than it explains a decision (Nie et al. 2018,"
        " arXiv:1805.07039).",
        "It hardly changes when the network's weights are randomised (Adebayo et al. 2018, arXiv:1810.03292).",
        "Maps of different classes are nearly the same picture: do not compare classes with it.",
        "Without rectifiers (ReLU, ReLU6, leaky ReLU ...) it is the plain gradient, and says so.",
    ),
    axioms=("dummy", "timely", "motion"),
    signed=False,
)
def guided_backprop(probe: Probe) -> Evidence:
    """Largest absolute guided gradient over the channels of each pixel."""
    slopes, notes = rectified_gradients(probe, sloped=True)
    return Evidence(slopes.abs().amax(dim=1), notes=notes)
