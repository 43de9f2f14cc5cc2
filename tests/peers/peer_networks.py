"""One small network for all peers, and what differs between their conventions and ours."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

IMAGES = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(2))
TARGET = 2


class PeerCnn(nn.Module):
    """Modules only and no in-place operation, so that every peer can handle it."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(9)
        self.first, self.act1 = nn.Conv2d(3, 6, 3, stride=2, padding=1), nn.ReLU()
        self.second, self.act2 = nn.Conv2d(6, 10, 3, stride=2, padding=1), nn.ReLU()
        self.flatten, self.head = nn.Flatten(), nn.Linear(10 * 64, 4)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.flatten(self.act2(self.second(self.act1(self.first(images))))))


def network() -> PeerCnn:
    return PeerCnn().eval()


def unit(values: np.ndarray) -> np.ndarray:
    """Scaled to [0,1], as pytorch-grad-cam gives every map."""
    shifted = values - values.min()
    return shifted / shifted.max()


def cells(count: int) -> Tensor:
    """An even grid of parts as (1, 1, 32, 32) labels: what Captum calls a feature mask."""
    steps = torch.arange(32) * count // 32
    return (steps[:, None] * count + steps[None])[None, None]
