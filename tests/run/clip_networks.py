"""Networks for clips whose evidence lies at a known time and place."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Event(nn.Module):
    """Class 1 counts the red of one frame's right half; class 0 counts nothing."""

    def __init__(self, frame: int = 5) -> None:
        super().__init__()
        self.frame, self.gain = frame, nn.Parameter(torch.tensor(8.0))

    def forward(self, clips: Tensor) -> Tensor:
        width = clips.shape[-1]
        red = clips[:, 0, self.frame, :, width // 2 :].mean((1, 2))
        return torch.stack([torch.zeros_like(red), self.gain * red], dim=1)


class Small(nn.Module):
    """Two convolutions in space and time, the second with stride 2, then mean and linear head."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        self.stem = nn.Conv3d(3, 6, 3, padding=1)
        self.deep = nn.Conv3d(6, 8, 3, stride=2, padding=1)
        self.head = nn.Linear(8, classes)

    def forward(self, clips: Tensor) -> Tensor:
        return self.head(self.deep(self.stem(clips).relu()).relu().mean((2, 3, 4)))
