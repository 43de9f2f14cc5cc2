"""Error bars: standard errors from independent units, and a band that covers the whole map at once."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from statistics import NormalDist

import torch
from jaxtyping import Float
from torch import Tensor

LEVEL = 0.95
_DRAWS = 1000  # multiplier-bootstrap draws for the band


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


def from_influence(
    values: Float[Tensor, " p"], influence: Float[Tensor, "m p"], *, seed: int, freedom: int
) -> Estimate:
    """Error bars from what each independent unit contributed to the error; the band is a max-t multiplier bootstrap."""
    stderr = influence.square().sum(dim=0).sqrt()
    return Estimate(values, stderr, max_t(influence, stderr, seed=seed, freedom=freedom) * stderr)


def of_mean(units: Float[Tensor, "m p"], *, seed: int) -> Estimate:
    """The mean of independent units with its error bars."""
    return from_influence(units.mean(dim=0), deviations(units / len(units)), seed=seed, freedom=len(units) - 1)


def deviations(terms: Float[Tensor, "m p"]) -> Float[Tensor, "m p"]:
    """How far the independent terms of a sum are from their mean; the squares sum to the variance of the sum."""
    return (terms - terms.mean(dim=0)) * math.sqrt(len(terms) / max(1, len(terms) - 1))


def max_t(spread: Float[Tensor, "m p"], stderr: Float[Tensor, " p"], *, seed: int, freedom: int) -> float:
    """The factor on the standard errors that covers all parts at once with 95 %."""
    alive = stderr > 0
    if not bool(alive.any()):
        return 0.0
    weights = _weights(seed, 1 << (len(spread) - 1).bit_length())[:, : len(spread)]
    draws = weights @ (spread[:, alive] / stderr[alive]).double().cpu()
    quantile = float(draws.abs().amax(dim=1).quantile(LEVEL))
    return quantile * t_quantile(freedom) / t_quantile(10**9)


@functools.lru_cache(maxsize=1)
def _weights(seed: int, units: int) -> Tensor:
    """Multipliers of the bootstrap, the same for every look at a growing sample."""
    return torch.randn(_DRAWS, units, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def bonferroni(parts: int, freedom: int) -> float:
    """The factor that covers `parts` numbers at once without knowing how they hang together."""
    return t_quantile(freedom, 1 - (1 - LEVEL) / max(parts, 1))


def t_quantile(freedom: int, level: float = LEVEL) -> float:
    """Two-sided quantile of Student's t by its Cornish–Fisher series; within 1 % from 4 degrees of freedom on."""
    z, n = NormalDist().inv_cdf(0.5 + level / 2), max(freedom, 1)
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )
