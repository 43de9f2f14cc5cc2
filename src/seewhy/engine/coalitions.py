"""Who is present together: random orders, antithetic pairs, coin flips, and all there are."""

from __future__ import annotations

import itertools

import torch
from jaxtyping import Bool
from torch import Tensor

from ..domain.shapes import Coalitions


def everyone(players: int) -> Coalitions:
    """All 2^p coalitions, the empty one first."""
    return torch.tensor(list(itertools.product((False, True), repeat=players)), dtype=torch.bool).reshape(-1, players)


def coin_flips(players: int, count: int, generator: torch.Generator) -> Coalitions:
    """Each part present with probability one half."""
    return torch.rand(count, players, generator=generator) < 0.5


def with_opposites(coalitions: Coalitions) -> Bool[Tensor, "2*n p"]:
    """Each coalition followed by its complement: rows 2i and 2i+1 are one antithetic pair."""
    return torch.stack([coalitions, ~coalitions], dim=1).flatten(0, 1)


def orders(players: int, count: int, generator: torch.Generator) -> Tensor:
    """Random orders in which parts arrive, (count, p)."""
    return torch.rand(count, players, generator=generator).argsort(dim=1)


def arrivals(order: Tensor) -> Coalitions:
    """The p-1 proper coalitions that grow along one order."""
    players = len(order)
    position = order.argsort()
    return position[None] < torch.arange(1, players, device=order.device)[:, None]
