"""A regression that shrinks as much as leaving one out recommends, with error bars that know what the shrinking did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..stats.quantiles import t_quantile
from .estimate import Estimate, max_t

_STRENGTHS = torch.cat([torch.zeros(1), torch.logspace(-3, 3, 25)]).double()  # of the ridge, times the mean eigenvalue
_LEAST_FREE = 0.05  # of a row: below, the fit goes through it and its residual tells nothing
_THROUGH = 1e-6


@dataclass(frozen=True)
class Fit:
    """Fitted values, their standard errors, what each row contributed to those, and the degrees of freedom left."""

    values: Float[Tensor, " q"]
    stderr: Float[Tensor, " q"]
    influence: Float[Tensor, "m q"]
    freedom: float

    def beside(self, other: Fit) -> Fit:
        """Two fits on the same rows as one, so that one band covers both."""
        return Fit(
            torch.cat([self.values, other.values]),
            torch.cat([self.stderr, other.stderr]),
            torch.cat([self.influence, other.influence], dim=1),
            min(self.freedom, other.freedom),
        )

    def banded(self, seed: int) -> Estimate:
        """The values with a band over all of them at once."""
        freedom = max(1, int(self.freedom))
        factor = max(max_t(self.influence, self.stderr, seed=seed, freedom=freedom), t_quantile(freedom))
        return Estimate(self.values, self.stderr, factor * self.stderr)


def shrunken(
    rows: Float[Tensor, "m q"],
    answers: Float[Tensor, " m"],
    weights: Float[Tensor, " m"],
    inverse: Float[Tensor, "q q"],
    scatter: Callable[[Tensor], Tensor],
) -> Fit:
    """Weighted ridge towards zero; `inverse` is that of the weighted sum of x x' over all rows there are.

    A fit that shrinks is biased, and its sandwich does not know. The regression-adjusted mean does not shrink: it adds
    to the fit what the left-out residuals say is missing (Witter et al. 2025, arXiv:2506.11849). Its spread and its
    distance from the fit make the error bar; where rows are barely enough the sandwich is wider, and then counts.
    `scatter` turns the parts that rows have in a sum into their deviations from what is expected of them.
    """
    root = weights.sqrt()
    left, singular, right = torch.linalg.svd(root[:, None] * rows, full_matrices=False)
    alive = singular > 1e-9 * singular.max()
    left, singular, right = left[:, alive], singular[alive], right[alive]
    shrink, misses, free = _best(left, singular, root * answers)
    solve = (right.T * (shrink / singular)) @ left.T * root  # (q, m): from answers to values
    fit = solve @ answers
    missing = misses / root / free.clamp(min=_LEAST_FREE)  # what the fit without a row says of that row
    pull, push = (solve * missing).T, (weights * missing)[:, None] * (rows @ inverse)
    shift = push.sum(dim=0) - pull.mean(dim=0)
    wider = scatter(pull).norm(dim=0) > scatter(push).norm(dim=0)
    influence = torch.where(wider, scatter(pull), scatter(push))
    error = influence.norm(dim=0)
    stderr = torch.hypot(error, shift)
    return Fit(fit, stderr, influence * (stderr / error).nan_to_num(0, 0, 0), float(free.sum()))


def _best(left: Tensor, singular: Tensor, raised: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Shrinking factors, residuals and freedom per row at the strength with the least leave-one-out error (PRESS)."""
    squares, along = singular.square()[:, None], (left.T @ raised)[:, None]
    shrink = squares / (squares + _STRENGTHS * squares.mean())  # (singular values, strengths)
    free = 1 - left.square() @ shrink
    misses = raised[:, None] - left @ (shrink * along)
    error = (misses / free).square().sum(dim=0)
    through = free.amin(dim=0) <= _THROUGH  # a row is met whatever the answer: nothing to judge by
    best = int(error.masked_fill(through, torch.inf).argmin())
    return shrink[:, best], misses[:, best], free[:, best]
