"""Noisy linear imputation: absent pixels as the weighted mean of their eight neighbours, and a little noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from .baseline import Baseline, Fill, Mean, by_frame
from .multigrid import Marks, Planes, mean_of_neighbours
from .ranges import positive, whole
from .shapes import Masks


@dataclass(frozen=True)
class Linear(Baseline):
    """The weighted mean of the eight neighbours, plus noise; the mean colour when nothing is left.

    Rong et al. 2022, arXiv:2202.00449. Neighbours that are absent too take part with what they are given, all at once.
    """

    adaptive: ClassVar[bool] = True
    noise: float = 0.01
    seed: int = 0

    def __post_init__(self) -> None:
        positive("noise", self.noise, or_zero=True)
        whole("seed", self.seed, least=0)

    def fill(self, image: Float[Tensor, "c *space"]) -> Fill:
        return Mean().fill(image)

    def complete(self, image: Float[Tensor, "c *space"], masks: Masks) -> Float[Tensor, "n c *space"]:
        """The noise is the same for every mask, so that two masks differ by what they hide and nothing else."""
        filled = by_frame(image, masks, partial(_imputed, self.fill(image)[0].flatten(1)[:, 0].reshape(1, -1, 1, 1)))
        noise = self.noise * torch.randn(image.shape, generator=torch.Generator().manual_seed(self.seed)).to(image)
        left = (masks > 0).any(dim=-1, keepdim=True).any(dim=-2, keepdim=True)  # in the image, or in the frame
        return torch.where((left & (masks < 1))[:, None], filled + noise, filled)


def _imputed(mean: Tensor, pixels: Planes, keep: Marks) -> Planes:
    seen = keep.sum(dim=(-2, -1), keepdim=True)
    start = torch.where(seen > 0, (pixels * keep).sum(dim=(-2, -1), keepdim=True) / seen, mean)
    return mean_of_neighbours(pixels, keep, start.expand_as(pixels))
