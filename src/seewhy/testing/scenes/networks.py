"""A small convolutional network and a small vision transformer for rendered scenes."""

from __future__ import annotations

import torch
from torch import nn

from ...domain.shapes import Outputs, Variants
from ..tiny_models import Block

PATCH = 8


class SceneCNN(nn.Module):
    """Four convolutions, the map halved after each but the last; then mean and linear head."""

    def __init__(self, classes: int, width: int = 24) -> None:
        super().__init__()
        widths = (3, width, 2 * width, 2 * width, 3 * width)
        self.stages = nn.Sequential(*(_stage(widths[i], widths[i + 1], 2 if i < 3 else 1) for i in range(4)))
        self.head = nn.Linear(widths[-1], classes)

    def forward(self, images: Variants) -> Outputs:
        maps = self.stages((images - 0.5) * 4)
        return self.head(maps.flatten(2).mean(dim=2))  # type: ignore[no-any-return]


def _stage(given: int, made: int, stride: int) -> nn.Sequential:
    conv = nn.Conv2d(given, made, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(made), nn.ReLU())


class SceneViT(nn.Module):
    """Square patches, a class token and blocks with fused attention; the head reads the class token."""

    def __init__(self, classes: int, size: int = 64, width: int = 64, depth: int = 3) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, width, PATCH, stride=PATCH)
        self.token = nn.Parameter(torch.randn(1, 1, width) * 0.1)
        self.places = nn.Parameter(torch.randn(1, (size // PATCH) ** 2 + 1, width) * 0.1)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(depth)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, images: Variants) -> Outputs:
        patches = self.embed((images - 0.5) * 4).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(len(images), -1, -1), patches], dim=1) + self.places
        return self.head(self.norm(self.blocks(tokens))[:, 0])  # type: ignore[no-any-return]
