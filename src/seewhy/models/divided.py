"""Attention divided into time and space: each call looks at one place at all moments, or at one moment's places."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .dryrun import SeenCall
from .layers import Reading, upper_right
from .sample import BATCH

Look = Literal["time", "space"]


@dataclass(frozen=True)
class Among:
    """Who looks at whom in one attention: the tokens of one place over time, or of one moment over space."""

    look: Look
    extra: int  # tokens beside the image's that each group holds: a class token is copied into each
    reading: Reading

    @property
    def members(self) -> Int[Tensor, "groups tokens"]:
        """The places in the whole sequence of the tokens of each group; copies of extra tokens are one token."""
        start, count = self.reading.start, math.prod(self.reading.grid)
        cells = self.reading.on_grid(torch.arange(start + count), axis=-1).flatten(1)  # (moments, places)
        groups = cells.T if self.look == "time" else cells
        return torch.cat([torch.arange(self.extra).expand(len(groups), -1), groups], dim=1)

    def grouped(self, raw: Float[Tensor, "n_groups heads to from"]) -> Float[Tensor, "n groups heads to from"]:
        """One row for each clip."""
        found: Tensor = raw.unflatten(0, (-1, len(self.members)))
        return found

    def over_all(self, weights: Float[Tensor, "n groups to from"], count: int) -> Float[Tensor, "n count count"]:
        """Attention over all tokens: one that is copied gets the mean of what its copies fetch, one that no group
        holds stays as it is."""
        copies = torch.bincount(self.members.flatten(), minlength=count).to(weights)
        whole = self.summed(weights, count) / copies.clamp(min=1)[:, None]
        return whole + torch.diag((copies == 0).to(weights))

    def summed(self, gains: Float[Tensor, "n groups to from"], count: int) -> Float[Tensor, "n count count"]:
        """What each token gains of each, over all tokens: the copies of one add up, one that no group holds gains
        nothing."""
        at = self.members.to(gains.device)
        whole = gains.new_zeros(len(gains), count * count)
        places = (at[:, :, None] * count + at[:, None, :]).flatten()
        return whole.index_add(1, places, gains.flatten(1)).reshape(-1, count, count)


def among(call: SeenCall, reading: Reading) -> Among | None:
    """How one attention divides the tokens of a clip; None where it does it in another way, or that cannot be told."""
    if call.change is None or call.shape[-2] != call.shape[-1]:
        return None
    moments, places = reading.grid[0], math.prod(reading.grid[1:])
    groups, tokens = call.shape[0] // BATCH, call.shape[-1]
    fitting: list[Among] = []
    if groups == places and tokens == moments:
        fitting.append(Among("time", 0, reading))
    if groups == moments and tokens - places in {0, reading.start}:
        fitting.append(Among("space", tokens - places, reading))
    return max(fitting, key=lambda option: _contrast(call.change, option), default=None)


def _contrast(change: Tensor | None, option: Among) -> float:
    """How well the noise, which differs in the upper right, speaks for this division."""
    assert change is not None
    inside = change[:, option.extra :]
    cells = inside.T if option.look == "time" else inside
    return upper_right(cells.unflatten(1, option.reading.grid[1:]))
