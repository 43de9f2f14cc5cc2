"""VarGrad: the variance of the gradient over noisy copies of the image."""

from __future__ import annotations

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.tolerance import Tolerance
from ..engine.moments import Variance
from ..engine.noise import gradients_under_noise
from ..engine.probe import Probe
from ..registry import method


@method(
    "var-grad",
    family="gradient",
    needs=Capability.SCORES | Capability.GRADIENTS,
    paper="Adebayo et al. 2018, arXiv:1810.03307",
    cost=lambda ask: Cost(1 + ask["samples"], ask["samples"]),
    shows="Pixels whose influence on the score changes from place to place near the image.",
    traps=(
        "A pixel that matters alike everywhere, as in a linear model, gets zero: it shows curvature, not importance.",
        "A variance needs many more samples than a mean: look at the band.",
        "The noise level decides how wide the neighbourhood is: it is a share of the image's range.",
    ),
    axioms=("dummy",),
    signed=False,
    samples=True,
)
def var_grad(
    probe: Probe, *, samples: int = 64, noise: float = 0.15, tolerance: Tolerance = 0.1, seed: int = 0
) -> Evidence:
    """Largest unbiased variance of the gradient over the channels of each pixel; the draws are independent.

    Antithetic pairs would double the error here: they cancel what a variance is made of.
    """
    return gradients_under_noise(
        probe, Variance, samples=samples, noise=noise, tolerance=tolerance, seed=seed, pairs=False
    )
