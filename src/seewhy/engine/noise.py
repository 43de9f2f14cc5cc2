"""Gradients under noise, in antithetic pairs, streamed: the mean and how sure it is."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ..domain.shapes import Images
from .probe import Probe


def noisy_gradient_pairs(probe: Probe, images: Images, *, pairs: int, noise: float, seed: int) -> Iterator[Tensor]:
    """Mean gradient of each pair (image + e, image - e), one pair after the other: (b, c, *space).

    `noise` is the standard deviation as a share of each image's range; a draw is shared by the batch, so that an
    image is explained in company exactly as alone.
    """
    generator = torch.Generator().manual_seed(seed)
    flat = images.flatten(1)
    spread = noise * (flat.amax(dim=1) - flat.amin(dim=1)).reshape(-1, *[1] * (images.ndim - 1))
    together = max(1, probe.chunks.backward // (2 * len(images)))
    for start in range(0, pairs, together):
        count = min(together, pairs - start)
        draws = [torch.randn(images.shape[1:], generator=generator).to(images) * spread for _ in range(count)]
        variants = torch.cat([images + sign * draw for draw in draws for sign in (1, -1)])
        of = torch.arange(len(images)).repeat(2 * count)
        yield from probe.gradients(variants, of).reshape(count, 2, *images.shape).mean(dim=1)
