"""Shapley and Banzhaf values of a game: exactly, from orders of arrival, and from antithetic pairs."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from ..domain.evidence import Evidence, Sampling
from ..domain.shapes import Coalitions
from ..errors import BadOption
from .coalitions import arrivals, everyone
from .estimate import Estimate
from .game import Game, part_evidence
from .leverage import Strata
from .shrinkage import Fit, shrunken

MOST_PLAYERS = 16


def affordable(game: Game, samples: int) -> bool:
    """Whether asking all coalitions costs no more than the samples, and the budget pays for it."""
    proper = (1 << game.players) - 2  # neither empty nor whole
    few = game.players <= MOST_PLAYERS and proper <= samples
    return few and game.probe.control.affords(game.baseline.fills) > proper


def worths(game: Game) -> tuple[Coalitions, Float[Tensor, " all"]]:
    """All coalitions in binary order and the score of each; the empty one and the whole cost nothing more."""
    players = game.players
    if players > MOST_PLAYERS:
        raise BadOption(
            f"{players} regions make 2^{players} coalitions.",
            fix=f"use at most {MOST_PLAYERS} regions, such as grid:3, or permutation-shapley.",
        )
    coalitions = everyone(players)
    proper = game.values(coalitions[1:-1]) if players > 1 else game.empty[None][:0]
    return coalitions, torch.cat([game.empty[None], proper, game.whole()[None]]).double().cpu()


def exact(game: Game) -> Evidence:
    """All coalitions asked once: phi_i = sum over S of |S|!(p-|S|-1)!/p! (v(S+i) - v(S))."""
    return exactly(game, shares(*worths(game)), complete=True)


def exactly(game: Game, values: Tensor, *, complete: bool) -> Evidence:
    """Values without any error as evidence."""
    zero = torch.zeros_like(values)
    sampling = Sampling(2**game.players, "coalitions", "exact", 0.0)
    return part_evidence(game, Estimate(values, zero, zero), sampling, complete=complete)


def shares(coalitions: Coalitions, worth: Float[Tensor, " all"]) -> Float[Tensor, " p"]:
    """Shapley values from the scores of all coalitions in binary order."""
    players, sizes = coalitions.shape[1], coalitions.sum(dim=1)
    weights = torch.tensor([1 / (players * math.comb(players - 1, s)) for s in range(players)], dtype=torch.float64)
    values = torch.zeros(players, dtype=torch.float64)
    for player in range(players):
        with_it = coalitions[:, player]
        # rows come in binary order: the twin without the player lies 2^(p-1-player) rows earlier
        without = with_it.nonzero()[:, 0] - 2 ** (players - 1 - player)
        values[player] = (weights[sizes[without]] * (worth[with_it] - worth[without])).sum()
    return values


def shares_of_pairs(first: Coalitions, gaps: Float[Tensor, " m"], explained: float) -> Fit:
    """Shapley values that sum to `explained`, from v(S) - v(all but S) of pairs drawn by leverage.

    The regression of Lundberg & Lee 2017 (theorem 2) on differences of pairs, with signs for bits: they sum to zero
    over the parts once the equal shares are taken off, and over all pairs they are p/2 times uncorrelated.
    """
    players, signs = first.shape[1], 2 * first.double() - 1
    equal, strata = explained / players, Strata.of(first)
    centred = signs - signs.mean(dim=1, keepdim=True)
    inverse = players / 2 * torch.eye(players, dtype=torch.float64)
    found = shrunken(centred, gaps - signs.sum(dim=1) * equal, strata.weights, inverse, strata.scatter)
    return Fit(found.values + equal, found.stderr, found.influence, found.freedom)


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
