"""SmoothGrad: the gradient averaged over noisy copies of the image."""

from __future__ import annotations

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.tolerance import Tolerance
from ..engine.moments import Mean
from ..engine.noise import gradients_under_noise
from ..engine.probe import Probe
from ..registry import method


@method(
    "smooth-grad",
    family="gradient",
    needs=Capability.SCORES | Capability.GRADIENTS,
    paper="Smilkov et al. 2017, arXiv:1706.03825",
    cost=lambda ask: Cost(1 + ask["samples"], ask["samples"]),
    shows="Pixels whose change moves the score in the neighbourhood of the image, not only at it.",
    traps=(
        "The noise level decides how wide the neighbourhood is: it is a share of the image's range.",
        "A smoother picture is not a more faithful one.",
    ),
    axioms=("dummy",),
    signed=False,
    samples=True,
)
def smooth_grad(
    probe: Probe, *, samples: int = 64, noise: float = 0.15, tolerance: Tolerance = 0.1, seed: int = 0
) -> Evidence:
    """Largest absolute mean gradient over the channels of each pixel; noise comes in antithetic pairs."""
    return gradients_under_noise(probe, Mean, samples=samples, noise=noise, tolerance=tolerance, seed=seed)
