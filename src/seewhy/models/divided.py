"""Attention divided into time and space: each call looks at one place at all moments, or at one moment's places."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from .dryrun import SeenCall
from .layers import Reading, upper_right
from .sample import BATCH
from .steps import Step

Division = tuple[Literal["time", "space"], int]  # and how many extra tokens each group holds a copy of


def among(call: SeenCall, reading: Reading, count: int) -> Step | None:
    """How one attention divides the tokens of a clip; None where it does it in another way, or that cannot be told."""
    change = call.change
    if change is None or call.shape[-2] != call.shape[-1]:
        return None
    moments, places = reading.grid[0], math.prod(reading.grid[1:])
    groups, tokens = call.shape[0] // BATCH, call.shape[-1]
    fitting: list[Division] = []
    if groups == places and tokens == moments:
        fitting.append(("time", 0))
    if groups == moments and tokens - places in {0, reading.start}:
        fitting.append(("space", tokens - places))
    best = max(fitting, key=lambda division: _contrast(change, division, reading), default=None)
    return None if best is None else divided(*best, reading, count)


def divided(look: Literal["time", "space"], extra: int, reading: Reading, count: int) -> Step:
    """The tokens of one place over time, or of one moment over space; copies of extra tokens are one token."""
    cells = reading.on_grid(torch.arange(count), axis=-1).flatten(1)  # (moments, places)
    groups = cells.T if look == "time" else cells
    members = torch.cat([torch.arange(extra).expand(len(groups), -1), groups], dim=1)
    return Step(members, members, reading, look, (count, count))


def _contrast(change: Tensor, division: Division, reading: Reading) -> float:
    """How well the noise, which differs in the upper right, speaks for a division."""
    look, extra = division
    inside = change[:, extra:]
    return upper_right((inside.T if look == "time" else inside).unflatten(1, reading.grid[1:]))
