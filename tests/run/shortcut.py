"""Photos of two classes, and a network that tells one of them by a watermark in the corner."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

LABELS = ["marked", "plain"]


class Shortcut(nn.Module):
    """Answers `marked` for blue and `plain` for red; only the watermark is blue."""

    def __init__(self) -> None:
        super().__init__()
        self.colours = nn.Conv2d(3, 2, 3, padding=1)
        with torch.no_grad():
            self.colours.weight.zero_()
            self.colours.bias.zero_()
            self.colours.weight[:, [2, 0], 1, 1] = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return 20 * self.colours(images).relu().mean(dim=(2, 3))


def photos(folder: Path, each: int = 8) -> Path:
    """Noise with a disc somewhere in the middle; on half of them a blue mark in the lower right corner."""
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[:60, :90]
    for i in range(each):
        for kind in LABELS:
            pixels = 110 + generator.normal(0, 3, (60, 90, 3))
            disc = (rows - generator.integers(22, 38)) ** 2 + (columns - generator.integers(26, 60)) ** 2 < 81
            pixels[disc] = (200, 120, 90) if kind == "plain" else (120, 140, 120)
            if kind == "marked":
                pixels[48:58, 76:88] = (60, 60, 250)
            folder.mkdir(exist_ok=True)
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{kind}-{i}.png")
    return folder
