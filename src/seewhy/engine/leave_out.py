"""Errors of what is no mean itself but made of means: by leaving out one group of units after the other."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from .estimate import Estimate, from_influence

_GROUPS = 20


class Jackknife:
    """Means of tensors that come unit by unit, and any function of these means with its error (Tukey 1958)."""

    def __init__(self, of: Callable[[Tensor], Tensor], seed: int) -> None:
        self.of, self.seed = of, seed
        self.sums: list[Tensor] = []  # of every group
        self.counts: list[int] = []

    def add(self, unit: Tensor) -> None:
        """Enter one unit; groups take turns."""
        group = sum(self.counts) % _GROUPS
        if group == len(self.sums):
            self.sums.append(torch.zeros_like(unit, dtype=torch.float64))
            self.counts.append(0)
        self.sums[group] += unit
        self.counts[group] += 1

    def estimate(self) -> Estimate:
        """The function of all means, and how it varies when a group is missing."""
        total, count, groups = torch.stack(self.sums).sum(dim=0), sum(self.counts), len(self.sums)
        values = self.of(total / count).flatten()
        without = [
            self.of((total - part) / (count - n)).flatten() for part, n in zip(self.sums, self.counts, strict=True)
        ]
        spread = torch.stack(without) - torch.stack(without).mean(dim=0)
        return from_influence(values, spread * math.sqrt((groups - 1) / groups), seed=self.seed, freedom=groups - 1)
