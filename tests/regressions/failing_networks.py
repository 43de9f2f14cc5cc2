"""Small networks, each built the way that makes explanation code fail silently."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PICTURES = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(11))
MOSAIC = PICTURES[0, :, :4, :4].repeat_interleave(8, dim=1).repeat_interleave(8, dim=2)  # with superpixels to be found


class Small(nn.Module):
    """Two convolutions, with functional activations, and a linear head."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.first, self.second = nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.Conv2d(8, 12, 3, stride=2, padding=1)
        self.head = nn.Linear(12 * 64, 4)
        with torch.no_grad():
            self.head.weight.mul_(scale)
            self.head.bias.mul_(scale)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(F.relu(self.second(F.relu(self.first(images)))).flatten(1))


class Answer(NamedTuple):
    features: Tensor
    logits: Tensor


class Wrapped(nn.Module):
    """The same network, with its answer in another form."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.inner, self.form = Small(), form

    def forward(self, images: Tensor) -> object:
        logits, extra = self.inner(images), images.mean(dim=(2, 3))
        return {
            "tuple": (logits, extra[:, :, None]),
            "dict": {"features": extra, "logits": logits},
            "named": Answer(extra, logits),
            "list": [logits],
        }[self.form]


class InPlace(nn.Module):
    """A convolution whose output is overwritten by the activation that follows."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.features = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU(inplace=True))
        self.head = nn.Linear(8 * 256, 4)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.features(images).flatten(1))


class ReusedActivation(nn.Module):
    """One ReLU module that runs three times."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.first, self.second = nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.relu, self.head = nn.ReLU(inplace=True), nn.Linear(8 * 256, 4)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.relu(self.second(self.relu(self.first(images)))).flatten(1))


class Noisy(nn.Module):
    """Batch statistics and dropout: another answer in every training step."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(6)
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.drop, self.head = nn.Dropout(0.5), nn.Linear(8 * 256, 4)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.drop(self.body(images).flatten(1)))


class Pooled(nn.Module):
    """Channels averaged over the image; the head's first row only speaks against."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(7)
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, stride=4, padding=1), nn.ReLU())
        self.head = nn.Linear(8, 3)
        with torch.no_grad():
            self.head.weight[0] = -self.head.weight[0].abs()
            self.head.bias[0] = 5.0

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.body(images).mean(dim=(2, 3)))
