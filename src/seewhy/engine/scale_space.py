"""Scale space: an image on its way from a blur to itself, as heat that spreads within its borders."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..domain.ranges import positive
from .path import Path


def sharpening(image: Tensor, width: float) -> Path:
    """From a Gaussian blur of `width` of the shorter side to the image; each frame of a clip by itself.

    Blurring multiplies frequencies by exp(-(sigma omega)^2 / 2), so its speed is known too. Borders are mirrored.
    """
    positive("width", width)
    height, across = image.shape[-2:]
    most = width * min(height, across)
    mirrored = torch.cat([image, image.flip(-1)], dim=-1)
    waves = torch.fft.rfft2(torch.cat([mirrored, mirrored.flip(-2)], dim=-2))
    squares = _squared(2 * height, image)[:, None] + _squared(2 * across, image)[: across + 1]

    def kept(t: float) -> Tensor:
        factors: Tensor = torch.exp(-0.5 * (most * (1 - t)) ** 2 * squares)
        return factors

    def back(factors: Tensor) -> Tensor:
        found: Tensor = torch.fft.irfft2(waves * factors, s=(2 * height, 2 * across))
        return found[..., :height, :across]

    return Path(lambda t: back(kept(t)), lambda t: back(most**2 * (1 - t) * squares * kept(t)))


def _squared(size: int, image: Tensor) -> Tensor:
    """Squares of the angular frequencies of a period."""
    waves: Tensor = 2 * math.pi * torch.fft.fftfreq(size, device=image.device, dtype=image.dtype)
    return waves.square()
