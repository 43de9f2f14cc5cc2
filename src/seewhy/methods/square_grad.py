"""SquareGrad: the mean square of the gradient over noisy copies of the image."""

from __future__ import annotations

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.tolerance import Tolerance
from ..engine.moments import MeanSquare
from ..engine.noise import gradients_under_noise
from ..engine.probe import Probe
from ..registry import method


@method(
    "square-grad",
    family="gradient",
    needs=Capability.SCORES | Capability.GRADIENTS,
    paper="Hooker et al. 2019, arXiv:1806.10758",
    cost=lambda ask: Cost(1 + ask["samples"], ask["samples"]),
    shows="Pixels to which the score is sensitive somewhere near the image, in whichever direction.",
    traps=(
        "Squares favour the few largest gradients: the picture looks sparser than the truth.",
        "Mean and spread of the gradient are mixed: a steady slope and a wildly changing one may look alike.",
        "The noise level decides how wide the neighbourhood is: it is a share of the image's range.",
    ),
    axioms=("dummy",),
    signed=False,
    samples=True,
)
def square_grad(
    probe: Probe, *, samples: int = 64, noise: float = 0.15, tolerance: Tolerance = 0.1, seed: int = 0
) -> Evidence:
    """Largest mean square of the gradient over the channels of each pixel; noise comes in antithetic pairs."""
    return gradients_under_noise(probe, MeanSquare, samples=samples, noise=noise, tolerance=tolerance, seed=seed)
