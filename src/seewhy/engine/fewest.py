"""The fewest parts whose removal flips a decision, as far as a search with few questions finds them."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from ..domain.shapes import Coalitions, Scores

Margins = Callable[[Coalitions], Scores]  # of what is left: below 0 where the decision flips


def fewest(parts: int, margins: Margins, most: int | None = None) -> Bool[Tensor, " p"] | None:
    """The parts to remove; None where removing as many as allowed does not flip it either.

    A single part where one is enough. Otherwise parts are added in the order of what each does alone, how many is found
    by bisection, and those that turn out not to be needed are given back: what is left is needed, each part of it, but
    another choice could be smaller.
    """
    alone = margins(~torch.eye(parts, dtype=torch.bool)).cpu()
    order = alone.argsort(stable=True)
    if float(alone.min()) < 0:
        return _removed(order[:1], parts)
    length = _shortest(parts, order, margins, parts if most is None else most)
    return None if length is None else _pruned(_removed(order[:length], parts), order[:length], margins)


def fewest_calls(parts: int) -> int:
    """The most that the search asks."""
    return 2 * parts + math.ceil(math.log2(max(2, parts))) + 1


def _shortest(parts: int, order: Int[Tensor, " p"], margins: Margins, most: int) -> int | None:
    """How many of the first parts flip the decision, while one less at the same place of the search did not."""

    def flips(length: int) -> bool:
        return float(margins(~_removed(order[:length], parts)[None])[0]) < 0

    low, high = 1, most
    if high <= low or not flips(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if flips(middle) else (middle, high)
    return high


def _pruned(removed: Tensor, order: Tensor, margins: Margins) -> Bool[Tensor, " p"]:
    """Without the parts that are not needed, the weakest tried first."""
    for part in order.flip(0).tolist():
        fewer = removed.index_fill(0, torch.tensor(part), False)
        if bool(fewer.any()) and float(margins(~fewer[None])[0]) < 0:
            removed = fewer
    return removed


def _removed(which: Tensor, parts: int) -> Bool[Tensor, " p"]:
    return torch.zeros(parts, dtype=torch.bool).index_fill(0, which.cpu(), True)
