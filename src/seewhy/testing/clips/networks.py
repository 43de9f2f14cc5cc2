"""A small (2+1)-dimensional convolutional network and two small transformers for rendered clips."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...domain.shapes import Outputs, Variants
from ..tiny_models import Block

LONGEST = 32  # frames that the frame transformer has places for
Features = Float[Tensor, "n k *grid"]


class Apart(nn.Module):
    """A convolution in space and one in time, each with batch norm and ReLU; a shortcut where the shape stays."""

    def __init__(self, given: int, made: int, space: int = 1, time: int = 1) -> None:
        super().__init__()
        self.space = _conv(given, made, (1, 3, 3), (1, space, space))
        self.time = _conv(made, made, (3, 1, 1), (time, 1, 1))
        self.same = given == made and space == time == 1

    def forward(self, maps: Features) -> Features:
        made = self.time(self.space(maps))
        return maps + made if self.same else made  # type: ignore[no-any-return]


class ClipCNN(nn.Module):
    """R(2+1)D (Tran et al. 2018) in small: space halved three times, time once; then mean and linear head."""

    def __init__(self, classes: int, widths: tuple[int, ...] = (8, 16, 24, 32)) -> None:
        super().__init__()
        one, two, three, four = widths
        self.stages = nn.Sequential(
            Apart(3, one, space=2),
            Apart(one, two, space=2),
            Apart(two, three, space=2, time=2),
            Apart(three, three),
            Apart(three, four),
        )
        self.head = nn.Linear(four, classes)

    def forward(self, clips: Variants) -> Outputs:
        maps = self.stages((clips - 0.5) * 4)
        return self.head(maps.flatten(2).mean(dim=2))  # type: ignore[no-any-return]


class FrameTransformer(nn.Module):
    """A convolutional network looks at each frame by itself, a transformer at its features; the mean is read."""

    def __init__(self, classes: int, width: int = 48, depth: int = 2) -> None:
        super().__init__()
        self.frames = nn.Sequential(
            _conv2(3, 16, 2), _conv2(16, 32, 2), _conv2(32, width, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )
        self.places: Tensor
        self.register_buffer("places", _waves(LONGEST, width))
        self.blocks = nn.Sequential(*(Block(width) for _ in range(depth)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, clips: Variants) -> Outputs:
        frames = ((clips - 0.5) * 4).transpose(1, 2)
        seen = self.frames(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        tokens = self.blocks(seen + self.places[: frames.shape[1]])
        return self.head(self.norm(tokens).mean(dim=1))  # type: ignore[no-any-return]


class ClipViT(nn.Module):
    """Tubelets of two frames by a stem of convolutions, joint attention over space and time; the mean is read."""

    def __init__(self, classes: int, grid: tuple[int, int, int] = (8, 4, 4), width: int = 48, depth: int = 3) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            _conv(3, 16, (1, 3, 3), (1, 2, 2)),
            _conv(16, 32, (3, 3, 3), (1, 2, 2)),
            _conv(32, width, (2, 2, 2), (2, 2, 2), padding=(0, 0, 0)),
        )
        self.places = nn.Parameter(torch.randn(1, math.prod(grid), width) * 0.1)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(depth)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, clips: Variants) -> Outputs:
        tokens = self.stem((clips - 0.5) * 4).flatten(2).transpose(1, 2) + self.places
        return self.head(self.norm(self.blocks(tokens)).mean(dim=1))  # type: ignore[no-any-return]


def _conv(
    given: int,
    made: int,
    kernel: tuple[int, int, int],
    stride: tuple[int, int, int],
    padding: tuple[int, ...] | None = None,
) -> nn.Sequential:
    around = tuple(side // 2 for side in kernel) if padding is None else padding
    conv = nn.Conv3d(given, made, kernel, stride=stride, padding=around, bias=False)  # type: ignore[arg-type]
    return nn.Sequential(conv, nn.BatchNorm3d(made), nn.ReLU())


def _conv2(given: int, made: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(given, made, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(made), nn.ReLU()
    )


def _waves(count: int, width: int) -> Float[Tensor, "count width"]:
    """Places as sines and cosines of ever longer waves (Vaswani et al. 2017, section 3.5)."""
    steps = torch.arange(count)[:, None] / 100 ** (torch.arange(0, width, 2) / width)
    return torch.stack([steps.sin(), steps.cos()], dim=2).flatten(1)
