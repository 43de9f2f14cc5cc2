"""Pairs of coalitions for Shapley regressions: sizes evenly (their leverage), none twice, and what each stands for."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..domain.shapes import Coalitions
from .coalitions import with_opposites


class LeveragePairs:
    """Antithetic pairs by leverage score, 1 / C(p, s) for a coalition of s (Musco & Witter 2024, lemma 3.2).

    The sizes take turns instead of being drawn, and within a size no pair comes twice.
    """

    def __init__(self, players: int, seed: int) -> None:
        self.players, self.generator = players, torch.Generator().manual_seed(seed)
        self.taken = [0] * (players // 2)
        self.seen: set[bytes] = set()

    def draw(self, pairs: int) -> Coalitions:
        """The next pairs, rows 2i and 2i+1; fewer when there are no more."""
        left = sum(pairs_of(size, self.players) for size in self._sizes) - len(self.seen)
        rows = [self._fresh(self._next()) for _ in range(min(pairs, left))]
        return with_opposites(torch.stack(rows)) if rows else torch.zeros(0, self.players, dtype=torch.bool)

    @property
    def _sizes(self) -> range:
        return range(1, self.players // 2 + 1)

    def _next(self) -> int:
        """The size that is furthest behind its share; a half belongs to both of its sizes at once."""
        open_sizes = [size for size in self._sizes if self.taken[size - 1] < pairs_of(size, self.players)]
        size = min(open_sizes, key=lambda size: (self.taken[size - 1] + 0.5) * (2 if 2 * size == self.players else 1))
        self.taken[size - 1] += 1
        return size

    def _fresh(self, size: int) -> Tensor:
        while True:
            row = torch.zeros(self.players, dtype=torch.bool)
            row[torch.randperm(self.players, generator=self.generator)[:size]] = True
            if 2 * size == self.players and not row[0]:
                row = ~row  # of two halves, the one with the first part names the pair
            name = row.numpy().tobytes()
            if name not in self.seen:
                self.seen.add(name)
                return row


def pairs_of(size: int, players: int) -> int:
    """How many pairs have a smaller half of this size."""
    return math.comb(players, size) // (2 if 2 * size == players else 1)


@dataclass(frozen=True)
class Strata:
    """Pairs by the size of their smaller half: given how many were drawn of a size, each is as likely as any other."""

    size: Tensor  # of each pair
    drawn: Float[Tensor, " sizes"]
    exist: Float[Tensor, " sizes"]
    weights: Float[Tensor, " m"]  # the Shapley kernel's mass of the size, shared by those that were drawn

    @staticmethod
    def of(first: Coalitions) -> Strata:
        """The strata of pairs, each given by its first half."""
        players, count = first.shape[1], first.sum(dim=1)
        size = torch.minimum(count, players - count)
        drawn = torch.bincount(size, minlength=players // 2 + 1).double()
        exist = torch.tensor([float(pairs_of(s, players)) for s in range(players // 2 + 1)], dtype=torch.float64)
        mass = torch.where(2 * size == players, 0.5, 1.0).double() / (size * (players - size))
        return Strata(size, drawn, exist, mass / drawn[size])

    def scatter(self, influence: Float[Tensor, "m p"]) -> Float[Tensor, "m p"]:
        """Influences from the mean of their size, and less where few pairs of a size were left out."""
        drawn = self.drawn[self.size][:, None]
        sums = torch.zeros(len(self.drawn), influence.shape[1], dtype=influence.dtype)
        mean = sums.index_add(0, self.size, influence)[self.size] / drawn
        alone = drawn == 1  # one pair has no mean to differ from
        centred = torch.where(alone, influence, (influence - mean) * (drawn / (drawn - 1).clamp(min=1)).sqrt())
        return centred * (1 - drawn / self.exist[self.size][:, None]).clamp(min=0).sqrt()
