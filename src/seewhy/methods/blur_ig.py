"""Blur integrated gradients: gradients summed up while the image comes into focus."""

from __future__ import annotations

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.path import integrated, nodes
from ..engine.probe import Probe
from ..engine.scale_space import sharpening
from ..registry import method


@method(
    "blur-ig",
    family="gradient",
    needs=Capability.SCORES | Capability.GRADIENTS,
    paper="Xu et al. 2020, arXiv:2004.03383",
    cost=lambda ask: Cost(1 + nodes(ask["steps"]), nodes(ask["steps"])),
    shows="Where detail that comes into focus moves the score; the map sums to the gain over the blurred image.",
    traps=(
        "What survives the strongest blur, such as the colour of the whole image, explains nothing here.",
        "Detail moves across borders while it is blurred: a bright edge may be credited beside itself.",
        "The frames of a clip are blurred one by one; motion stays.",
    ),
)
def blur_ig(probe: Probe, *, steps: int = 65, tolerance: float = 0.1, width: float = 0.2) -> Evidence:
    """Gradient times the change of the image, summed over ever finer Gaussian blurs (eq. 5)."""
    return integrated(probe, lambda image: [sharpening(image, width)], steps=steps, tolerance=tolerance)
