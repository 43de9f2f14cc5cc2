"""Searching for the regions that say the most: by hand, and against a slow search over all coalitions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import seewhy

WHITE = torch.ones(1, 4, 4)
OPTIONS = {
    "method": "submodular-search", "regions": seewhy.Grid(2), "baseline": seewhy.Colour(0.0), "scale": "logit",
    "target": 0,
}  # fmt: skip


def of_quarters(formula):
    def network(images: torch.Tensor) -> torch.Tensor:
        score = formula(*images[:, 0, ::2, ::2].flatten(1).T)
        return torch.stack([score, -score], dim=1)

    return network


def test_in_a_sum_each_region_gains_its_own_term() -> None:
    found = seewhy.explain(of_quarters(lambda a, b, c, d: 2 * a - b + 3 * c + 0 * d), WHITE, **OPTIONS)
    np.testing.assert_allclose(found.values, [[2, -1], [3, 0]], atol=1e-6)


def test_of_two_that_are_worth_something_together_only_each_gains_half() -> None:
    # F(S) = v(S) - v(rest): from -1 over 0, when one is there and the other is not, to 1
    found = seewhy.explain(of_quarters(lambda a, b, c, d: a * b), WHITE, **OPTIONS)
    np.testing.assert_allclose(found.values, [[0.5, 0.5], [0, 0]], atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_the_search_is_the_greedy_one_over_a_table_of_all_coalitions(seed: int) -> None:
    table = torch.rand(16, generator=torch.Generator().manual_seed(seed))

    def network(images: torch.Tensor) -> torch.Tensor:
        bits = (images[:, 0, ::2, ::2].flatten(1) > 0.5).long()
        score = table[(bits * torch.tensor([1, 2, 4, 8])).sum(dim=1)]
        return torch.stack([score, -score], dim=1)

    def worth(members: set[int]) -> float:
        inside = sum(2**i for i in members)
        return float(table[inside] - table[15 - inside])

    chosen: list[int] = []
    gains = [0.0] * 4
    while len(chosen) < 4:
        best = max((i for i in range(4) if i not in chosen), key=lambda i: worth({*chosen, i}))
        gains[best] = (worth({*chosen, best}) - worth(set(chosen))) / 2
        chosen.append(best)
    found = seewhy.explain(network, WHITE, **OPTIONS)
    np.testing.assert_allclose(found.values.ravel(), gains, atol=1e-6)
