"""Faithful Shapley interactions of order two: what pairs of parts are worth beyond their parts (Tsai et al. 2023)."""

from __future__ import annotations

import functools
from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..domain.evidence import Evidence
from ..domain.shapes import Coalitions
from .leverage import Strata
from .shrinkage import Fit, shrunken

# The best second-order fit under the Shapley kernel, exact on the empty and the whole image, splits in two when written
# on antithetic pairs. Differences v(S) - v(rest) hold the Shapley values: a part's own effect and half of its
# interactions. Sums hold the rest: v(all) + v(none) - v(S) - v(rest) = sum of I_ij over the i, j that S separates.


def couples(players: int) -> tuple[Tensor, Tensor]:
    """The i and the j of every couple i < j."""
    i, j = torch.triu_indices(players, players, offset=1)
    return i, j


def separated(first: Coalitions) -> Bool[Tensor, "m q"]:
    """Which couples a pair of coalitions separates."""
    i, j = couples(first.shape[1])
    return first[:, i] ^ first[:, j]


def exact_interactions(coalitions: Coalitions, worth: Float[Tensor, " all"]) -> Float[Tensor, " q"]:
    """I_ij from the scores of all coalitions in binary order."""
    players = coalitions.shape[1]
    first, total = coalitions[1 : len(coalitions) // 2], worth[0] + worth[-1]
    surplus = total - worth[1 : len(worth) // 2] - worth[len(worth) // 2 : -1].flip(0)
    weighted = Strata.of(first).weights * surplus
    inverse = _inverse(players)
    return inverse @ (separated(first).double().T @ weighted)


def interactions_of_pairs(first: Coalitions, sums: Float[Tensor, " m"], total: float) -> Fit:
    """I_ij from v(S) + v(all but S) of pairs drawn by leverage; `total` is v(all) + v(none)."""
    strata = Strata.of(first)
    rows = separated(first).double()
    return shrunken(rows, total - sums, strata.weights, _inverse(first.shape[1]), strata.scatter)


def matrix(players: int, values: Float[Tensor, " q"]) -> Float[Tensor, "p p"]:
    """One number per couple as a symmetric matrix with an empty diagonal."""
    i, j = couples(players)
    square = values.new_zeros(players, players)
    square[i, j] = square[j, i] = values
    return square


def with_pairs(evidence: Evidence, joint: Float[Tensor, " q"], band: Float[Tensor, " q"]) -> Evidence:
    """The evidence of one image with what its couples are worth beside its parts."""
    (parts,) = evidence.parts or ()
    pairs, pairs_band = (matrix(len(parts.values), numbers).to(parts.values) for numbers in (joint, band))
    return replace(evidence, parts=(replace(parts, pairs=pairs, pairs_band=pairs_band),))


@functools.cache
def _inverse(players: int) -> Float[Tensor, "q q"]:
    """Inverse of the kernel-weighted sum of x x' over all pairs, x being `separated`: shared parts decide."""
    same = one = none = 0.0
    for size in range(1, players // 2 + 1):
        rest = players - size
        mass = (0.5 if 2 * size == players else 1.0) / (size * rest)
        apart = size * rest / (players * (players - 1))
        same += mass * 2 * apart
        one += mass * apart
        if players > 3:
            none += mass * 4 * apart * (size - 1) * (rest - 1) / ((players - 2) * (players - 3))
    i, j = couples(players)
    holds = torch.nn.functional.one_hot(i, players) + torch.nn.functional.one_hot(j, players)
    shared = holds @ holds.T  # 2 for a couple and itself
    gram = torch.tensor([none, one, same], dtype=torch.float64)[shared]
    inverse: Tensor = torch.linalg.pinv(gram, hermitian=True)
    return inverse
