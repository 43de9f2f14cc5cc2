"""Gradients under noise, streamed: whatever is to be known of them, and how sure it is."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..domain.evidence import Evidence, Sampling
from ..domain.ranges import positive
from ..domain.shapes import Variants
from ..domain.tolerance import Tolerance
from .estimate import Estimate
from .moments import Statistic
from .probe import Probe
from .sampling import sample


def gradients_under_noise(
    probe: Probe,
    statistic: Callable[[], Statistic],
    *,
    samples: int,
    noise: float,
    tolerance: Tolerance,
    seed: int,
    pairs: bool = True,
) -> Evidence:
    """The strongest channel of a statistic of the gradients of noisy images, image by image.

    `noise` is the standard deviation as a share of the image's range. A unit is an antithetic pair, or one draw.
    """
    positive("noise", noise, or_zero=True)
    found = [_one(probe, i, statistic(), samples, noise, tolerance, seed, pairs) for i in range(len(probe.images))]
    mean, stderr, band = (
        torch.stack(parts).reshape(probe.images.shape).float()
        for parts in zip(*(estimate.parts for estimate, _ in found), strict=True)
    )
    strongest = mean.abs().argmax(dim=1, keepdim=True)
    values, errors, bands = (torch.gather(part, 1, strongest)[:, 0] for part in (mean, stderr, band))
    return Evidence(values.abs(), errors, bands, sampling=tuple(sampling for _, sampling in found))


def _one(
    probe: Probe, i: int, statistic: Statistic, samples: int, noise: float, tolerance: Tolerance, seed: int, pairs: bool
) -> tuple[Estimate, Sampling]:
    probe.control.start()
    image, generator, size = probe.images[i], torch.Generator().manual_seed(seed), 2 if pairs else 1

    def draw(units: int) -> None:
        variants = noisy(image, noise, generator, units, size)
        gradients = probe.gradients(variants, torch.full((size * units,), i))
        for unit in gradients.reshape(units, size, *image.shape):
            statistic.add(unit)

    units, unit = (samples // 2, "pairs") if pairs else (samples, "draws")
    return sample(probe.control, draw, statistic.estimate, units=units, calls=2 * size, unit=unit, tolerance=tolerance)


def noisy(image: Tensor, noise: float, generator: torch.Generator, units: int, size: int = 2) -> Variants:
    """Copies with Gaussian noise, unit after unit: antithetic pairs, or single draws."""
    spread = noise * (image.amax() - image.amin())
    draws = torch.stack([torch.randn(image.shape, generator=generator) for _ in range(units)]).to(image) * spread
    return torch.stack([image + draws, image - draws][:size], dim=1).flatten(0, 1)
