"""Seeded draws that lie where the image lies: the same numbers on every device."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass
class Chance:
    """One stream of random numbers, drawn on the processor and handed over on a device."""

    seed: int
    device: torch.device
    generator: torch.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.generator = torch.Generator().manual_seed(self.seed)

    def uniform(self, *shape: int) -> Tensor:
        """Numbers from 0 to 1."""
        return torch.rand(shape, generator=self.generator).to(self.device)

    def normal(self, *shape: int) -> Tensor:
        """Numbers of mean 0 and deviation 1."""
        return torch.randn(shape, generator=self.generator).to(self.device)

    def order(self, count: int) -> Tensor:
        """The numbers below `count`, in any order."""
        return torch.randperm(count, generator=self.generator).to(self.device)
