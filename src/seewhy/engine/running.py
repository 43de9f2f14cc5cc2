"""Running means of maps with their errors: nothing is kept but sums."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..domain.shapes import Masks, Scores
from ..stats.bands import bonferroni
from .estimate import Estimate


class MaskedMean:
    """The mean of score x mask / keep at each pixel; `places` of them count as independent."""

    def __init__(self, image: Tensor, keep: float, places: int) -> None:
        self.keep, self.places, self.count = keep, places, 0
        self.first = torch.zeros(image.shape[1:], dtype=torch.float64, device=image.device)
        self.second, self.scores = self.first.clone(), 0.0

    def add(self, masks: Masks, scores: Scores) -> None:
        """Enter masks with the scores they got."""
        weighted = masks.to(self.first.device) * scores.reshape(-1, *[1] * (masks.ndim - 1)) / self.keep
        self.first += weighted.sum(dim=0)  # blocks are small: float32 inside, float64 across
        self.second += weighted.square().sum(dim=0)
        self.scores += float(scores.sum())
        self.count += len(masks)

    @property
    def level(self) -> float:
        """The mean score of all views: what a pixel gets whose visibility does not matter."""
        return self.scores / max(1, self.count)

    def estimate(self) -> Estimate:
        """Mean, standard error, and a band for all places at once."""
        mean = self.first / self.count
        variance = (self.second / self.count - mean.square()).clamp(min=0) * self.count / max(1, self.count - 1)
        stderr = (variance / self.count).sqrt()
        values, errors = mean.flatten().float().cpu(), stderr.flatten().float().cpu()
        return Estimate(values, errors, errors * bonferroni(self.places, self.count - 1))


class MaskedSlope:
    """cov(score, mask) / (keep (1 - keep)) at each pixel: the gain of the score by showing it rather than hiding it."""

    def __init__(self, image: Tensor, keep: float, places: int) -> None:
        self.keep, self.places, self.count, self.scores = keep, places, 0, 0.0
        self.origin: Tensor | None = None  # scores are counted from the first one: their squares stay small
        zeros = torch.zeros(image.shape[1:], dtype=torch.float64, device=image.device)
        self.masks, self.first, self.squares, self.cross, self.second = (zeros.clone() for _ in range(5))

    def add(self, masks: Masks, scores: Scores) -> None:
        """Enter masks with the scores they got."""
        self.origin = scores[0] if self.origin is None else self.origin
        gains = (scores - self.origin).reshape(-1, *[1] * (masks.ndim - 1))
        off = masks.to(self.first.device) - self.keep
        weighted = off * gains
        self.masks += off.sum(dim=0)
        self.first += weighted.sum(dim=0)
        self.squares += off.square().sum(dim=0)
        self.cross += (off * weighted).sum(dim=0)
        self.second += weighted.square().sum(dim=0)
        self.scores += float(gains.sum())
        self.count += len(masks)

    def estimate(self) -> Estimate:
        """The slope, its standard error from the masks as independent units, and a band for all places at once."""
        count, mean, scale = self.count, self.scores / self.count, self.keep * (1 - self.keep)
        slope = (self.first - mean * self.masks) / (count - 1)
        spread = self.second - 2 * mean * self.cross + mean**2 * self.squares - count * slope.square()
        stderr = (spread.clamp(min=0) / (count - 1) / count).sqrt() / scale
        values, errors = (slope / scale).flatten().float().cpu(), stderr.flatten().float().cpu()
        return Estimate(values, errors, errors * bonferroni(self.places, count - 1))


class PairedMean:
    """The mean of maps that come one antithetic pair after the other (Welford)."""

    def __init__(self) -> None:
        self.count, self.mean, self.scatter = 0, torch.zeros(()), torch.zeros(())

    def add(self, pair: Tensor) -> None:
        """Enter the mean of one pair."""
        self.count += 1
        step = pair.double() - self.mean
        self.mean = self.mean + step / self.count
        self.scatter = self.scatter + step * (pair.double() - self.mean)

    @property
    def stderr(self) -> Tensor:
        if self.count < 2:
            return torch.full_like(self.mean, math.inf)
        return (self.scatter / (self.count - 1) / self.count).sqrt()
