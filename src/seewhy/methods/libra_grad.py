"""LibraGrad: FullGrad on a balanced way back, so that the map of a transformer sums to the score as well."""

from __future__ import annotations

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.full_gradient import complete, full_gradients
from ..engine.probe import Probe
from ..registry import method


@method(
    "libra-grad",
    family="gradient",
    needs=Capability.SCORES | Capability.GRADIENTS,
    paper="Mehri et al. 2025, arXiv:2411.16760",
    cost=lambda ask: Cost(2, 1),
    shows="Where the score of a transformer comes from, with attention and gates taken as given; the map sums to it.",
    traps=(
        "What makes the model attend here and not there is not explained: attention weights count as constants.",
        "Biases speak also where the model sees nothing; those without a place are shared out evenly.",
        "On a network without gates, attention and layer normalisation it is full-grad.",
        "The image's own share is image times gradient: black pixels add nothing by themselves.",
    ),
    axioms=("timely", "motion"),
)
def libra_grad(probe: Probe) -> Evidence:
    """Image times balanced gradient plus bias times balanced gradient, laid over the image."""
    return complete(probe, full_gradients(probe, balanced=True))
