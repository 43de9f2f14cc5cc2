"""Owen values of a game whose parts form a binary tree, the branches with most at stake first."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass

import torch
from torch import Tensor

from .game import Game
from .hierarchy import Branch

_AT_ONCE = 8  # branches halved in one round, so that their scores are asked for together
_COMPARABLE = 0.5  # of the largest stake: smaller ones wait for their turn


@dataclass(frozen=True, eq=False)
class _Stake:
    """What a branch adds to one company, and the weight of that company."""

    branch: Branch
    company: Tensor  # (p,) bool
    before: float
    after: float
    weight: float

    @property
    def worth(self) -> float:
        return self.weight * (self.after - self.before)

    def asks(self) -> Tensor:
        """The company joined by either half."""
        return torch.stack([self._joined(half) for half in self.branch.halves])

    def halved(self, scores: Tensor) -> list[_Stake]:
        """Each half in the absence and in the presence of the other: a game of two (Shapley's formula)."""
        (one, other), (with_one, with_other) = self.branch.halves, scores.tolist()
        half = self.weight / 2
        return [
            _Stake(one, self.company, self.before, with_one, half),
            _Stake(one, self._joined(other), with_other, self.after, half),
            _Stake(other, self.company, self.before, with_other, half),
            _Stake(other, self._joined(one), with_one, self.after, half),
        ]

    def _joined(self, branch: Branch) -> Tensor:
        joined = self.company.clone()
        joined[branch.parts] = True
        return joined


def refined(game: Game, root: Branch, halvings: int) -> tuple[Tensor, int, bool]:
    """Values per part, the coalitions that were asked, and whether every branch was halved to the end.

    The parts of a branch that was not halved share what it adds alike.
    """
    values, ticket = torch.zeros(game.players, dtype=torch.float64), itertools.count()
    waiting: list[tuple[float, int, _Stake]] = []

    def settle(stakes: list[_Stake]) -> None:
        for stake in stakes:
            if stake.branch.halves:
                heapq.heappush(waiting, (-abs(stake.worth), next(ticket), stake))
            else:
                values[stake.branch.parts] += stake.worth

    nobody = torch.zeros(game.players, dtype=torch.bool)
    settle([_Stake(root, nobody, float(game.empty), float(game.whole()), 1.0)])
    done = 0
    while waiting and done < halvings:
        chosen = _next(waiting, min(_AT_ONCE, halvings - done))
        scores = game.values(torch.cat([stake.asks() for stake in chosen])).double().cpu().reshape(-1, 2)
        for stake, pair in zip(chosen, scores, strict=True):
            settle(stake.halved(pair))
        done += len(chosen)
    for _, _, stake in waiting:
        values[stake.branch.parts] += stake.worth / len(stake.branch.parts)
    return values, 2 * done, not waiting


def _next(waiting: list[tuple[float, int, _Stake]], most: int) -> list[_Stake]:
    """The largest stake and, up to `most`, those that are nearly as large."""
    enough = _COMPARABLE * waiting[0][0]  # the heap holds the largest as the most negative
    chosen: list[_Stake] = []
    while waiting and len(chosen) < most and waiting[0][0] <= enough:
        chosen.append(heapq.heappop(waiting)[2])
    return chosen
