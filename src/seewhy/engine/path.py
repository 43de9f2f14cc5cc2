"""Straight paths from a baseline to the image, and the mean gradient along them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..domain.ranges import whole
from ..domain.shapes import Images
from .probe import Probe


def mean_gradient(probe: Probe, images: Images, start: Images, *, steps: int) -> Tensor:
    """Gradients averaged along the straight line by Gauss–Legendre nodes, streamed: (b, c, *space)."""
    whole("steps", steps)
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    at, shares = torch.from_numpy((nodes + 1) / 2).tolist(), torch.from_numpy(weights / 2).tolist()
    total = torch.zeros_like(images, dtype=torch.float64)
    together = max(1, probe.chunks.backward // len(images))
    for first in range(0, steps, together):
        block = range(first, min(first + together, steps))
        variants = torch.cat([start + at[k] * (images - start) for k in block])
        found = probe.gradients(variants, torch.arange(len(images)).repeat(len(block)))
        for k, gradient in zip(block, found.reshape(len(block), *images.shape), strict=True):
            total += shares[k] * gradient.double()
    return total.float()
