"""How far two lists of numbers agree."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from ..domain.score import Unjudged

Agreement = Callable[[Tensor, Tensor], float]


def pearson(one: Float[Tensor, "*places"], other: Float[Tensor, "*places"]) -> float:
    """Linear correlation."""
    a, b = (values.flatten().double() - values.double().mean() for values in (one, other))
    size = float(a.norm() * b.norm())
    if float(a.norm()) <= 1e-12 * float(one.double().norm()) or float(b.norm()) <= 1e-12 * float(other.double().norm()):
        raise Unjudged("one of the two is the same everywhere, so nothing correlates with it")
    return float(a @ b) / size


def spearman(one: Float[Tensor, "*places"], other: Float[Tensor, "*places"]) -> float:
    """Correlation of the orders; equal values share their mean place."""
    return pearson(places(one), places(other))


def places(values: Tensor) -> Float[Tensor, " n"]:
    """For each value its place in ascending order, the mean place for equal ones."""
    _, inverse, counts = values.flatten().unique(return_inverse=True, return_counts=True)
    last = counts.cumsum(0).double()
    return torch.index_select(last - (counts.double() + 1) / 2, 0, inverse)


def jackknifed(agreement: Agreement, one: Tensor, other: Tensor, unit: int) -> tuple[float, float]:
    """The agreement of two rows and its standard error, leaving out one unit of so many neighbours at a time."""
    whole, units = agreement(one, other), len(one) // unit
    keep = ~torch.eye(units, dtype=torch.bool, device=one.device).repeat_interleave(unit, dim=1)
    left = torch.tensor([agreement(one[rows], other[rows]) for rows in keep], dtype=torch.float64)
    return whole, float(((units - 1) / units * (left - left.mean()).square().sum()).sqrt())
