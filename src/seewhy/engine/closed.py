"""The mean of maps whose true total is known: what the draws miss of it is made up for by regression."""

from __future__ import annotations

import torch
from torch import Tensor

from ..stats.bands import bonferroni
from ..stats.quantiles import t_quantile, z_quantile
from .estimate import Estimate
from .moments import wary


class ClosedMean:
    """A running mean of maps (Welford, with the co-moment of each place and the total); nothing is kept but sums."""

    def __init__(self, total: float) -> None:
        self.total, self.count, self.sum, self.of_sum = total, 0, 0.0, 0.0
        self.mean, self.scatter, self.joint = (torch.zeros(()) for _ in range(3))

    def add(self, unit: Tensor) -> None:
        """Enter the map of one independent unit."""
        unit = unit.double()
        self.count, whole = self.count + 1, float(unit.sum())
        step, leap = unit - self.mean, whole - self.sum
        self.mean, self.sum = self.mean + step / self.count, self.sum + leap / self.count
        self.scatter = self.scatter + step * (unit - self.mean)
        self.joint = self.joint + step * (whole - self.sum)
        self.of_sum += leap * (whole - self.sum)

    def estimate(self) -> Estimate:
        """The mean each place would have, had the draws summed to the total; the error is what is left around the line.

        The slopes of all places sum to one, so the map sums to the total, whatever was drawn.
        """
        missed, freedom = self.total - self.sum, max(1, self.count - 2)
        slope = self.joint / self.of_sum if self.of_sum > 0 else torch.zeros_like(self.mean)
        left = (self.scatter - slope * self.joint).clamp(min=0) / freedom
        lever = 1 / self.count + (missed**2 / self.of_sum if self.of_sum > 0 else 0.0)
        values, stderr = (self.mean + slope * missed).flatten(), (left * lever).sqrt().flatten()
        few = t_quantile(freedom) / z_quantile()  # of four samples each: 1.96 errors of so few hold less than 95 %
        return wary(values, stderr * few, stderr * bonferroni(stderr.numel(), freedom), self.count)
