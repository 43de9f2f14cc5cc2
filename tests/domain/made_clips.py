"""Clips (c, t, h, w) whose every move is known: a textured square on a smooth ground, cuts, flashes and pans."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def texture(height: int, width: int, grain: int, seed: int) -> Tensor:
    """Smooth random colours (3, h, w) that vary over `grain` pixels."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, height // grain + 2, width // grain + 2, generator=random)
    return functional.interpolate(coarse, size=(height, width), mode="bilinear")[0]


def moving_square(
    frames: int = 12, size: int = 64, side: int = 18, step: tuple[int, int] = (1, 3), seed: int = 0
) -> tuple[Tensor, Tensor]:
    """A clip with a square that moves by `step` from frame to frame, a little noise, and where it is (t, h, w)."""
    ground, thing = 0.3 + 0.3 * texture(size, size, 16, seed), texture(side, side, 3, seed + 1)
    clip = ground[:, None].repeat(1, frames, 1, 1)
    where = torch.zeros(frames, size, size, dtype=torch.bool)
    for t in range(frames):
        y, x = 8 + step[0] * t, 4 + step[1] * t  # it may leave the picture
        seen = clip[:, t, y : y + side, x : x + side]
        seen.copy_(thing[:, : seen.shape[1], : seen.shape[2]])
        where[t, y : y + side, x : x + side] = True
    noise = 0.02 * torch.randn(clip.shape, generator=torch.Generator().manual_seed(seed + 2))
    return (clip + noise).clamp(0, 1), where


def joined(*lengths: int, size: int = 48) -> Tensor:
    """Shots of these lengths, each a moving square on a ground of its own."""
    return torch.cat([moving_square(n, size, 12, seed=10 * i)[0] for i, n in enumerate(lengths)], dim=1)


def pan(frames: int = 16, size: int = 48, step: int = 4) -> Tensor:
    """A camera that moves over a large picture."""
    wide = texture(size, size + step * frames, 8, 3)
    return torch.stack([wide[:, :, step * t : step * t + size] for t in range(frames)], dim=1)
