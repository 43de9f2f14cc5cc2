"""Least squares on coalitions, streamed: normal equations only, and the error bars of the sandwich."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..domain.shapes import Coalitions, Scores
from .estimate import Estimate, from_influence

_MOST_LEVERAGE = 0.95  # of one pair: beyond it the fit goes through the pair and its residual tells nothing


@dataclass
class Design:
    """Coalitions, their weights and scores, kept as rows of p bits: what a regression on them needs."""

    present: list[Coalitions] = field(default_factory=list)
    scores: list[Scores] = field(default_factory=list)

    def add(self, present: Coalitions, scores: Scores) -> None:
        self.present.append(present.cpu())
        self.scores.append(scores.double().cpu())

    @property
    def rows(self) -> Tensor:
        return torch.cat(self.present).double()

    @property
    def answers(self) -> Tensor:
        return torch.cat(self.scores)

    @property
    def pairs(self) -> tuple[Coalitions, Tensor, Tensor]:
        """The first half of each antithetic pair, its score and that of its opposite."""
        answers = self.answers
        return torch.cat(self.present)[::2], answers[::2], answers[1::2]


def ridge(rows: Tensor, answers: Tensor, weights: Tensor, strength: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Weighted ridge with a free intercept: coefficients, influence matrix, centred rows and residuals."""
    share = weights / weights.sum()
    centred = rows - share @ rows
    normal = centred.T @ (centred * weights[:, None]) + strength * torch.eye(rows.shape[1], dtype=rows.dtype)
    inverse = torch.linalg.inv(normal)
    raised = answers - share @ answers
    values = inverse @ (centred.T @ (weights * raised))
    return values, inverse, centred, raised - centred @ values


def paired_errors(
    values: Tensor, rows: Tensor, residuals: Tensor, weights: Tensor, matrix: Tensor, *, pull: Tensor, seed: int
) -> Estimate:
    """The sandwich over antithetic pairs: both rows of a pair are one independent unit.

    A pair draws the fit towards itself, so its residual is divided by the root of one minus its leverage (HC2); `pull`
    is how far the ridge has pulled the values.
    """
    pulls = rows @ matrix
    leverage = (weights * (pulls * rows).sum(dim=1)).reshape(-1, 2).sum(dim=1).clamp(max=_MOST_LEVERAGE)
    pairs = (pulls * (weights * residuals)[:, None]).reshape(-1, 2, rows.shape[1]).sum(dim=1)
    freedom = max(1, len(pairs) - rows.shape[1] + 1)  # a pair is one equation: only its difference tells
    return from_influence(values, pairs / (1 - leverage[:, None]).sqrt(), seed=seed, freedom=freedom, pull=pull)
