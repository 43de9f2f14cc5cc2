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


def sigmoid_pair(score: Tensor) -> Tensor:
    """Two logits whose softmax gives the first class sigmoid(score)."""
    return torch.stack([score, torch.zeros_like(score)], dim=1)


def centres(clips: Tensor) -> Tensor:
    """Where the red of each frame is, from left to right, in pixels (b, t); 0 where there is none."""
    red = clips[:, 0].sum(dim=2)
    return (red * torch.arange(red.shape[-1])).sum(-1) / red.sum(-1).clamp(min=1e-6)


def direction(clips: Tensor) -> Tensor:
    """Whether the red is further to the right at the end than at the beginning, and how much further."""
    where = centres(clips)
    return sigmoid_pair(where[:, -1] - where[:, 0])


def order_blind(clips: Tensor) -> Tensor:
    """A nonlinear number of each frame, and their mean: the order of frames cannot matter."""
    return sigmoid_pair(4 * (6 * clips[:, 0].mean((2, 3))).sin().mean(dim=1))


def appearance(clips: Tensor) -> Tensor:
    """How red the reddest frame is."""
    return sigmoid_pair(200 * clips[:, 0].mean((2, 3)).amax(dim=1) - 2)


def background(clips: Tensor) -> Tensor:
    """How green the upper left corner is."""
    return sigmoid_pair(4 * clips[:, 1, :, :2, :2].mean((1, 2, 3)) - 1)


def moving_red(count: int = 8, height: int = 8, width: int = 12) -> tuple[Tensor, Tensor]:
    """A red square that goes one pixel to the right each frame over a green ground, and where it is (t, h, w)."""
    clip, thing = torch.zeros(3, count, height, width), torch.zeros(count, height, width, dtype=torch.bool)
    clip[1] = 0.75
    for i in range(count):
        thing[i, 3:6, i + 1 : i + 4] = True
    clip[:, thing] = torch.tensor([1.0, 0.0, 0.0])[:, None]
    return clip, thing
