"""Error bars: standard errors from independent units, and a band that covers the whole map at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from ..stats import bands, sequence
from ..stats.quantiles import LEVEL, z_quantile


@dataclass(frozen=True)
class Estimate:
    """Values with their standard errors and the half-widths of the simultaneous band."""

    values: Float[Tensor, " p"]
    stderr: Float[Tensor, " p"]
    band: Float[Tensor, " p"]

    @property
    def parts(self) -> tuple[Tensor, Tensor, Tensor]:
        return self.values, self.stderr, self.band

    @property
    def halfwidth(self) -> float:
        """The widest half-width as a share of the map's range; 0 for a map without error, infinite for a flat one."""
        widest, span = float(self.band.max()), float(self.values.max() - self.values.min())
        return 0.0 if widest == 0 else widest / span if span > 0 else math.inf

    def at_all_times(self, units: int, *, tuned: float) -> Estimate:
        """The same with a band that holds at every look: each place as sure as the band made it for one look."""
        sure = self.stderr > 0
        factor = (self.band[sure] / self.stderr[sure]).double().cpu().numpy()
        band = self.band.clone()
        band[sure] = self.stderr[sure] * torch.from_numpy(sequence.anytime(factor, units, tuned=tuned)).to(band)
        return replace(self, band=band)


def from_influence(
    values: Float[Tensor, " p"],
    influence: Float[Tensor, "m p"],
    *,
    seed: int,
    freedom: int,
    pull: Float[Tensor, " p"] | None = None,
) -> Estimate:
    """Error bars from what each independent unit contributed to the error; the band is a max-t multiplier bootstrap.

    `pull` is how far values of so few samples are off on average, where that is known.
    """
    stderr = influence.square().sum(dim=0).sqrt()
    stderr = stderr if pull is None else widened(stderr, pull)
    return Estimate(values, stderr, max_t(influence, stderr, seed=seed, freedom=freedom, pull=pull) * stderr)


def widened(stderr: Float[Tensor, " p"], pull: Float[Tensor, " p"]) -> Float[Tensor, " p"]:
    """Errors of which 1.96 hold 95 % of what lies around a pull: |pull| and between 1.64 and 1.96 old ones.

    The root of their squares would hold nearly all of it: a pull is off by the same in every run.
    """
    far = (pull.abs() / stderr).nan_to_num(0)
    low, high = (torch.full_like(far, z_quantile(level)) for level in (2 * LEVEL - 1, LEVEL))
    for _ in range(30):
        middle = (low + high) / 2
        enough = torch.special.ndtr(middle) - torch.special.ndtr(-middle - 2 * far) >= LEVEL
        low, high = torch.where(enough, low, middle), torch.where(enough, middle, high)
    return (pull.abs() + high * stderr) / z_quantile()


def of_mean(units: Float[Tensor, "m p"], *, seed: int) -> Estimate:
    """The mean of independent units with its error bars."""
    return from_influence(units.mean(dim=0), deviations(units / len(units)), seed=seed, freedom=len(units) - 1)


def deviations(terms: Float[Tensor, "m p"]) -> Float[Tensor, "m p"]:
    """How far the independent terms of a sum are from their mean; the squares sum to the variance of the sum."""
    return (terms - terms.mean(dim=0)) * math.sqrt(len(terms) / max(1, len(terms) - 1))


def max_t(
    spread: Float[Tensor, "m p"],
    stderr: Float[Tensor, " p"],
    *,
    seed: int,
    freedom: int,
    pull: Float[Tensor, " p"] | None = None,
) -> float:
    """The factor on the standard errors that covers all parts at once with 95 %."""
    influence, errors = (part.double().cpu().numpy() for part in (spread, stderr))
    off = None if pull is None else pull.double().cpu().numpy()
    return bands.max_t(influence, errors, seed=seed, freedom=freedom, pull=off)
