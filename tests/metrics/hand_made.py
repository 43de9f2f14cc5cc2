"""Models, images, maps and masks that can be followed by hand."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from seewhy.domain.baseline import Colour

BLACK = Colour(0.0)


def blank(images: Tensor) -> Tensor:
    """A model for metrics that need not ask one."""
    return images.flatten(1)[:, :2]


def placed(side: int, top: int, left: int, size: int) -> Tensor:
    """A square mask."""
    mask = torch.zeros(side, side, dtype=torch.bool)
    mask[top : top + size, left : left + size] = True
    return mask


def two_classes(weights: Tensor) -> Callable[[Tensor], Tensor]:
    """A model whose first class has the weighted sum of the pixels as its logit, and the other 0."""

    def model(images: Tensor) -> Tensor:
        score = (weights.to(images) * images).flatten(1).sum(dim=1)
        return torch.stack([score, torch.zeros_like(score)], dim=1)

    return model


def random_case(side: int = 8, channels: int = 3, seed: int = 0) -> tuple[Tensor, Tensor, Callable[[Tensor], Tensor]]:
    """An image, a map and a model that is not linear."""
    generator = torch.Generator().manual_seed(seed)
    image, map = torch.rand(channels, side, side, generator=generator), torch.randn(side, side, generator=generator)
    weights = torch.randn(channels, side, side, generator=generator) / side

    def model(images: Tensor) -> Tensor:
        score = (weights * (3 * images).sin()).flatten(1).sum(dim=1)
        return torch.stack([score, -score, torch.zeros_like(score)], dim=1)

    return image, map, model
