"""Shapley values of a game: exactly, and from orders of arrival."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..domain.evidence import Evidence, Sampling
from ..errors import BadOption
from .coalitions import arrivals, everyone
from .estimate import Estimate
from .game import Game, part_evidence

MOST_PLAYERS = 16


def exact(game: Game) -> Evidence:
    """All coalitions asked once: phi_i = sum over S of |S|!(p-|S|-1)!/p! (v(S+i) - v(S))."""
    players = game.players
    if players > MOST_PLAYERS:
        raise BadOption(
            f"{players} regions make 2^{players} coalitions.",
            fix=f"use at most {MOST_PLAYERS} regions, such as grid:3, or permutation-shapley.",
        )
    coalitions = everyone(players)
    proper = game.values(coalitions[1:-1]) if players > 1 else game.empty[None][:0]
    values = torch.cat([game.empty[None], proper, game.whole()[None]]).double().cpu()
    sizes = coalitions.sum(dim=1)
    shares = torch.tensor([1 / (players * math.comb(players - 1, s)) for s in range(players)], dtype=torch.float64)
    gains = torch.zeros(players, dtype=torch.float64)
    for player in range(players):
        with_it = coalitions[:, player]
        # rows come in binary order: the twin without the player lies 2^(p-1-player) rows earlier
        without = with_it.nonzero()[:, 0] - 2 ** (players - 1 - player)
        gains[player] = (shares[sizes[without]] * (values[with_it] - values[without])).sum()
    zero = torch.zeros_like(gains)
    sampling = Sampling(2**players, "coalitions", "exact", 0.0)
    return part_evidence(game, Estimate(gains, zero, zero), sampling, complete=True)


def gains_of_pairs(game: Game, orders: Tensor) -> Tensor:
    """What each part adds when parts arrive in an order and in its reverse: the mean of the two, (pairs, p)."""
    both = torch.stack([orders, orders.flip(dims=[1])], dim=1).flatten(0, 1)
    chains = torch.cat([arrivals(order) for order in both])
    alone = game.players == 1  # a single part has no company to arrive in
    asked = torch.zeros(0) if alone else game.values(chains).double().cpu()
    asked = asked.reshape(len(both), -1 if len(asked) else 0)
    start, end = (score.double().cpu().expand(len(both), 1) for score in (game.empty, game.whole()))
    steps = torch.cat([start, asked, end], dim=1).diff(dim=1)
    return torch.zeros_like(steps).scatter(1, both, steps).reshape(-1, 2, game.players).mean(dim=1)
