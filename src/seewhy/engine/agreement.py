"""How far two lists of numbers agree."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from ..domain.score import Score, Unjudged

_ROOM = 1 << 22  # numbers in memory at a time
Agreement = Callable[[Tensor, Tensor], Tensor]


def pearson(one: Float[Tensor, "*places"], other: Float[Tensor, "*places"]) -> float:
    """Linear correlation."""
    return float(linear(one.flatten(), other.flatten()))


def spearman(one: Float[Tensor, "*places"], other: Float[Tensor, "*places"]) -> float:
    """Correlation of the orders; equal values share their mean place."""
    return float(ordinal(one.flatten(), other.flatten()))


def linear(one: Float[Tensor, "*rows n"], other: Float[Tensor, "*rows n"]) -> Float[Tensor, "*rows"]:
    """Linear correlations row by row."""
    a, b = (_centred(values.double()) for values in (one, other))
    return (a * b).sum(dim=-1)


def ordinal(one: Float[Tensor, "*rows n"], other: Float[Tensor, "*rows n"]) -> Float[Tensor, "*rows"]:
    """Correlations of the orders row by row."""
    return linear(places(one), places(other))


def places(values: Float[Tensor, "*rows n"]) -> Float[Tensor, "*rows n"]:
    """For each value its place in ascending order, the mean place for equal ones."""
    if values.ndim > 1:
        return torch.stack([places(row) for row in values])
    _, inverse, counts = values.unique(return_inverse=True, return_counts=True)
    return torch.index_select(counts.cumsum(0).double() - (counts.double() + 1) / 2, 0, inverse)


def jackknifed(agreement: Agreement, one: Tensor, other: Tensor, unit: int) -> Score:
    """The agreement of two rows with its standard error, leaving out one unit of so many neighbours at a time."""
    units, owner = len(one) // unit, torch.arange(len(one), device=one.device) // unit
    found = []
    for some in torch.arange(units, device=one.device).split(max(1, _ROOM // len(one))):
        keep = owner != some[:, None]
        found.append(agreement(*(row.expand(len(some), -1)[keep].reshape(len(some), -1) for row in (one, other))))
    left = torch.cat(found)
    off = left - left.mean()
    error = ((units - 1) / units * off.square().sum()).sqrt()
    return Score(float(agreement(one, other)), float(error), freedom=_freedom(off))


def _freedom(off: Float[Tensor, " units"]) -> float:
    """Degrees of freedom of a spread: where few units make most of it, it rests on these, not on their number.

    The variance of n normal units has 2 n / (kurtosis - 1), about n; that of others as many as vary like it.
    """
    squares = off.square()
    excess = float(squares.square().mean() / squares.mean().square()) - 1
    most = max(1, len(off) - 1)
    return max(1.0, min(most, 2 * len(off) / excess)) if excess > 0 else most


def _centred(values: Tensor) -> Tensor:
    """Values less their mean, of length one."""
    off: Tensor = values - values.mean(dim=-1, keepdim=True)
    length = off.norm(dim=-1, keepdim=True)
    if bool((length <= 1e-12 * values.norm(dim=-1, keepdim=True)).any()):
        raise Unjudged("one of the two is the same everywhere, so nothing correlates with it")
    scaled: Tensor = off / length
    return scaled
