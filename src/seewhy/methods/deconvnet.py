"""Deconvnet: the score sent back through the network with rectifiers on the way back instead of on the way there."""

from __future__ import annotations

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.bending import rectified_gradients
from ..engine.probe import Probe
from ..registry import method


@method(
    "deconvnet",
    family="gradient",
    needs=Capability.SCORES | Capability.GRADIENTS,
    paper="Zeiler & Fergus 2014, arXiv:1311.2901",
    cost=lambda ask: Cost(2, 1),
    shows="Patterns that the network could have looked for, whether or not its rectifiers were on.",
    traps=(
        "Not faithful: it restores parts of the image more than it explains a decision, and hardly depends on the"
        " class (Nie et al. 2018, arXiv:1805.07039).",
        "It ignores which rectifiers were on: without max-pooling it hardly depends on the image.",
        "Its kin guided backprop hardly changes when the network's weights are randomised (Adebayo et al. 2018,"
        " arXiv:1810.03292): expect no better.",
        "Without rectifiers (ReLU, ReLU6, leaky ReLU ...) it is the plain gradient, and says so.",
    ),
    axioms=("dummy",),
    signed=False,
)
def deconvnet(probe: Probe) -> Evidence:
    """Largest absolute signal over the channels of each pixel, rectified where the forward pass rectifies."""
    slopes, notes = rectified_gradients(probe, sloped=False)
    return Evidence(slopes.abs().amax(dim=1), notes=notes)
