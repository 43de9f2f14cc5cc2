"""Slow re-derivations of game values from their definitions: orders, sums over sets, and least squares written out."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np

from .oracles import Array, Value

Nested: TypeAlias = "int | Sequence[Nested]"  # a player, or branches of players


def owen(value: Value, nested: Nested, players: int) -> Array:
    """The mean gain of each player over all orders in which no branch is interrupted."""
    gains, orders = np.zeros(players), list(_orders(nested))
    for order in orders:
        for place, player in enumerate(order):
            before = frozenset(order[:place])
            gains[player] += value(before | {player}) - value(before)
    return gains / len(orders)


def banzhaf(value: Value, players: int) -> Array:
    """The mean gain of each player over all sets of the others."""
    gains = np.zeros(players)
    for player in range(players):
        others = [other for other in range(players) if other != player]
        sets = [frozenset(s) for size in range(players) for s in itertools.combinations(others, size)]
        gains[player] = sum(value(s | {player}) - value(s) for s in sets) / len(sets)
    return gains


def faithful_interactions(value: Value, players: int) -> tuple[Array, Array]:
    """Tsai et al. 2023, eq. 13 with order two: single effects and the matrix of interactions.

    Least squares over all sets with the Shapley kernel, its infinite weights on the empty set and on everyone being
    constraints (Lagrange multipliers).
    """
    couples = list(itertools.combinations(range(players), 2))
    sets = [frozenset(s) for size in range(players + 1) for s in itertools.combinations(range(players), size)]
    rows = np.array([[1.0, *(i in s for i in range(players)), *({i, j} <= s for i, j in couples)] for s in sets])
    answers = np.array([value(s) for s in sets])
    weights = np.array([_kernel(len(s), players) for s in sets])
    tied = rows[[0, -1]]
    normal = np.block([[rows.T @ (rows * weights[:, None]), tied.T], [tied, np.zeros((2, 2))]])
    right = np.concatenate([rows.T @ (weights * answers), answers[[0, -1]]])
    solved = np.linalg.lstsq(normal, right, rcond=None)[0]
    matrix = np.zeros((players, players))
    for (i, j), number in zip(couples, solved[1 + players :], strict=False):
        matrix[i, j] = matrix[j, i] = number
    return solved[1 : 1 + players], matrix


def _kernel(size: int, players: int) -> float:
    if size in (0, players):
        return 0.0
    return (players - 1) / (math.comb(players, size) * size * (players - size))


def _orders(nested: Nested) -> Iterator[tuple[int, ...]]:
    if isinstance(nested, int):
        yield (nested,)
        return
    for branches in itertools.permutations(nested):
        for parts in itertools.product(*(list(_orders(branch)) for branch in branches)):
            yield tuple(itertools.chain.from_iterable(parts))
