"""Smooth Grad-CAM++: Grad-CAM++ with gradients that are averaged over noisy copies of the image."""

from __future__ import annotations

import torch
from torch import Tensor

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence, Sampling
from ..domain.ranges import positive
from ..domain.tolerance import Tolerance
from ..engine.estimate import Estimate
from ..engine.leave_out import Jackknife
from ..engine.maps import Sign, plus_plus
from ..engine.noise import noisy
from ..engine.probe import Probe
from ..engine.sampling import sample
from ..registry import method


@method(
    "smooth-grad-cam++",
    family="activation",
    needs=Capability.SCORES | Capability.GRADIENTS | Capability.LAYERS,
    paper="Omeiza et al. 2019, arXiv:1908.01224",
    cost=lambda ask: Cost(2 + ask["samples"] // 2 * 2, ask["samples"] // 2 * 2),
    shows="Coarse places whose features raise the score in the neighbourhood of the image, not only at it.",
    traps=(
        "As coarse as the layer.",
        "The weights take the score as an exponential, which logits are not.",
        "Where only pooling and a linear layer follow, noise changes no gradient: it is Grad-CAM++ then.",
        "The noise level decides how wide the neighbourhood is: it is a share of the image's range.",
    ),
    axioms=("class-specific", "timely", "motion"),
    samples=True,
)
def smooth_grad_cam_plus_plus(
    probe: Probe,
    *,
    layer: str | None = None,
    sign: Sign = "positive",
    samples: int = 64,
    noise: float = 0.15,
    tolerance: Tolerance = 0.1,
    seed: int = 0,
) -> Evidence:
    """Mean first, second and third powers of the gradient in Grad-CAM++'s weights of the clean features (eqs. 9-11)."""
    positive("noise", noise, or_zero=True)
    record = probe.layer(layer, gradients=False)

    def one(i: int) -> tuple[Estimate, Sampling]:
        features, generator = record.activations[i : i + 1].double(), torch.Generator().manual_seed(seed)

        def read(means: Tensor) -> Tensor:
            first, second, third = means[:, None]
            weights = plus_plus(first, second, third, features)[0]
            return torch.einsum("k,k...->...", weights, features[0])

        mean = Jackknife(read, seed)

        def draw(pairs: int) -> None:
            variants = noisy(probe.images[i], noise, generator, pairs)
            slopes = probe.layer_of(variants, torch.full((len(variants),), i), layer).slopes.double()
            for pair in slopes.split(2):
                mean.add(torch.stack([(pair**power).mean(dim=0) for power in (1, 2, 3)]))

        return sample(
            probe.control, draw, mean.estimate, units=samples // 2, calls=4, unit="pairs", tolerance=tolerance
        )

    found = [one(i) for i in range(len(probe.images))]
    values, stderr, band = (
        torch.stack(parts).reshape(len(found), *record.activations.shape[2:]).float()
        for parts in zip(*(estimate.parts for estimate, _ in found), strict=True)
    )
    kept = values.relu() if sign == "positive" else values
    return Evidence(kept, stderr, band, sampling=tuple(sampling for _, sampling in found), layer=record.choice)
