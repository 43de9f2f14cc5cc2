"""Clips whose motion is taken away on a part of the time: frozen there, or played backwards."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

MARKED = 0.1  # from which weight on a frame belongs to a stretch that is played backwards (Mänttäri et al. 2020)

Clip = Float[Tensor, "c t h w"]
Weights = Float[Tensor, " t"]


def frozen(clip: Clip, weights: Weights) -> Clip:
    """Each frame as far as its weight replaced by the one before, which may be replaced itself: 1 stands still."""
    frames = [clip[:, 0]]
    for at in range(1, clip.shape[1]):
        frames.append(torch.lerp(clip[:, at], frames[-1], weights[at]))
    return torch.stack(frames, dim=1)


def backwards(clip: Clip, weights: Weights) -> Clip:
    """Each frame as far as its weight replaced by the one that a stretch of marked frames shows there in reverse."""
    other = clip[:, mirrored(weights > MARKED)]
    return torch.lerp(clip, other, weights[None, :, None, None])


def mirrored(marked: Bool[Tensor, " t"]) -> Int[Tensor, " t"]:
    """For each frame the one that takes its place when every stretch of marked frames runs backwards."""
    order = list(range(len(marked)))
    start = 0
    for at, here in enumerate([*marked.tolist(), False]):
        if not here:
            order[start:at] = order[start:at][::-1]
            start = at + 1
    return torch.tensor(order, device=marked.device)
