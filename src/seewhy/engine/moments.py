"""Running moments of maps with their errors: means, mean squares and variances; nothing is kept but sums."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from ..stats.bands import bonferroni
from ..stats.quantiles import LEVEL, z_quantile
from .estimate import Estimate
from .running import PairedMean


class Statistic(ABC):
    """Takes the maps of one independent unit after the other, and tells what they amount to."""

    @abstractmethod
    def add(self, unit: Tensor) -> None:
        """Enter the maps (m, ...) of one unit."""

    @abstractmethod
    def estimate(self) -> Estimate:
        """What is known so far, value by value, with its error."""


class Mean(Statistic):
    """The mean."""

    def __init__(self) -> None:
        self.units = PairedMean()

    def add(self, unit: Tensor) -> None:
        self.units.add(unit.mean(dim=0))

    def estimate(self) -> Estimate:
        stderr, count = self.units.stderr.flatten(), self.units.count
        return wary(self.units.mean.flatten(), stderr, stderr * bonferroni(stderr.numel(), count - 1), count)


class MeanSquare(Statistic):
    """The mean square."""

    def __init__(self) -> None:
        self.units = PairedMean()

    def add(self, unit: Tensor) -> None:
        self.units.add(unit.double().square().mean(dim=0))

    def estimate(self) -> Estimate:
        return _skewed(self.units.mean, self.units.stderr, self.units.count)


class Variance(Statistic):
    """The unbiased variance of maps that are drawn one by one, and its error from their fourth moment (Pébay 2008)."""

    def __init__(self) -> None:
        self.count, self.mean, self.second, self.third, self.fourth = 0, *[torch.zeros(())] * 4

    def add(self, unit: Tensor) -> None:
        for draw in unit.double():
            self.count, n = self.count + 1, self.count + 1
            step = draw - self.mean
            share = step / n
            term = step * share * (n - 1)
            self.fourth = (
                self.fourth + term * share**2 * (n**2 - 3 * n + 3) + 6 * share**2 * self.second - 4 * share * self.third
            )
            self.third = self.third + term * share * (n - 2) - 3 * share * self.second
            self.second, self.mean = self.second + term, self.mean + share

    def estimate(self) -> Estimate:
        n, variance = self.count, self.second / (self.count - 1)
        # the variance of a variance is (m4 - m2^2 (n - 3) / (n - 1)) / n
        own = (self.fourth / n - variance.square() * (n - 3) / (n - 1)) / n
        found = _skewed(variance, own.clamp(min=0).sqrt(), n)
        return wary(*found.parts, n)


def wary(values: Tensor, stderr: Tensor, band: Tensor, count: int) -> Estimate:
    """A band as if one more draw had been as far off as draws are at a typical place.

    Behind a ReLU a gradient can be the same in nearly all draws: where it jumps once in a while, few draws hardly show.
    Places that never moved keep their band of zero.
    """
    factor = bonferroni(stderr.numel(), count - 1)
    more = factor * (stderr.square().mean() / count).sqrt()
    return Estimate(values, stderr, torch.where(stderr > 0, torch.hypot(band, more), band))


def _skewed(mean: Tensor, stderr: Tensor, count: int) -> Estimate:
    values, errors = mean.flatten(), stderr.flatten()
    band = upper_band(values, errors, bonferroni(values.numel(), count - 1))
    return Estimate(values, upper_errors(values, errors), band)


def upper_errors(mean: Tensor, stderr: Tensor) -> Tensor:
    """Errors of which 1.96 hold 95 % of what is skewed: nearly all that is missed lies above."""
    return torch.maximum(stderr, upper_band(mean, stderr, z_quantile(2 * LEVEL - 1)) / z_quantile())


def upper_band(mean: Tensor, stderr: Tensor, factor: float) -> Tensor:
    """Half-widths for means of squares, which are skewed: a small one may have missed much.

    The cube root of a chi-square is nearly normal (Wilson & Hilferty 1931), with freedom 2 (mean / stderr)^2.
    """
    share = (stderr / mean.clamp(min=torch.finfo(mean.dtype).tiny)).square() / 9  # 2 / (9 freedom)
    root = (1 - share - factor * share.sqrt()).clamp(min=0.1)  # a thousandfold: there is no limit to speak of
    return torch.where(stderr > 0, torch.maximum(mean * (root**-3 - 1), factor * stderr), torch.zeros_like(mean))
