"""Gradients under noise, in antithetic pairs, streamed: the mean and how sure it is."""

from __future__ import annotations

import torch
from torch import Tensor

from ..domain.evidence import Sampling
from ..domain.ranges import positive
from .estimate import Estimate, bonferroni
from .probe import Probe
from .running import PairedMean
from .sampling import sample


def smooth_gradients(
    probe: Probe, *, samples: int, noise: float, tolerance: float, seed: int
) -> tuple[Tensor, Tensor, Tensor, tuple[Sampling, ...]]:
    """Mean gradient under noise, its standard error and band per value, image by image.

    `noise` is the standard deviation as a share of the image's range.
    """
    positive("noise", noise, or_zero=True)
    found = [_one(probe, i, samples, noise, tolerance, seed) for i in range(len(probe.images))]
    mean, stderr, band = (
        torch.stack(parts).reshape(probe.images.shape).float()
        for parts in zip(*(estimate.parts for estimate, _ in found), strict=True)
    )
    return mean, stderr, band, tuple(sampling for _, sampling in found)


def _one(probe: Probe, i: int, samples: int, noise: float, tolerance: float, seed: int) -> tuple[Estimate, Sampling]:
    probe.control.start()
    image, generator, mean = probe.images[i], torch.Generator().manual_seed(seed), PairedMean()
    spread = noise * (image.amax() - image.amin())

    def draw(pairs: int) -> None:
        draws = torch.stack([torch.randn(image.shape, generator=generator) for _ in range(pairs)]).to(image) * spread
        variants = torch.stack([image + draws, image - draws], dim=1).flatten(0, 1)
        gradients = probe.gradients(variants, torch.full((2 * pairs,), i))
        for pair in gradients.reshape(pairs, 2, *image.shape).mean(dim=1):
            mean.add(pair)

    def estimate() -> Estimate:
        stderr = mean.stderr.flatten()
        return Estimate(mean.mean.flatten(), stderr, stderr * bonferroni(stderr.numel(), mean.count - 1))

    return sample(probe.control, draw, estimate, units=samples // 2, calls=4, unit="pairs", tolerance=tolerance)
