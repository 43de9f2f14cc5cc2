"""The control that searches: its order by hand, and how near it is to the best of all orders."""

from __future__ import annotations

import itertools

import numpy as np
import torch

import seewhy
from seewhy.registry import find_method
from seewhy.run.explainers import explainer_of

WHITE = torch.ones(1, 4, 4)
OPTIONS = {"regions": seewhy.Grid(2), "baseline": seewhy.Colour(0.0), "scale": "logit", "target": 0}


def of_table(table):
    """A network whose score is looked up by which quarters are white."""

    def network(images: torch.Tensor) -> torch.Tensor:
        bits = (images[:, 0, ::2, ::2].flatten(1) > 0.5).long()
        score = table[(bits * torch.tensor([1, 2, 4, 8])).sum(dim=1)]
        return torch.stack([score, -score], dim=1)

    return network


def gain(table, order):
    """Insertion less deletion along an order, as areas by the trapezoidal rule."""
    seen = [sum(2**i for i in order[:count]) for count in range(5)]
    heights = [float(table[inside] - table[15 - inside]) for inside in seen]
    return (sum(heights) - (heights[0] + heights[-1]) / 2) / 4


def test_in_a_sum_the_order_is_that_of_the_terms() -> None:
    table = torch.tensor([sum(w for i, w in enumerate((2, -1, 3, 0)) if row >> i & 1) for row in range(16)]).float()
    found = seewhy.explain(of_table(table), WHITE, method="greedy-search", **OPTIONS)
    np.testing.assert_allclose(found.values, [[0.75, 0.25], [1.0, 0.5]])
    order = found.values.ravel().argsort()[::-1].tolist()
    assert gain(table, order) == max(gain(table, other) for other in itertools.permutations(range(4)))


def test_in_any_game_the_order_is_seldom_far_from_the_best_and_on_average_far_above_chance() -> None:
    shares = []
    for seed in range(20):
        table = torch.rand(16, generator=torch.Generator().manual_seed(seed))
        found = seewhy.explain(of_table(table), WHITE, method="greedy-search", **OPTIONS)
        mine = gain(table, found.values.ravel().argsort()[::-1].tolist())
        every = [gain(table, order) for order in itertools.permutations(range(4))]
        shares.append((mine - np.mean(every)) / (max(every) - np.mean(every)))
    assert np.mean(shares) > 0.5


def test_a_control_that_searches_is_not_taken_for_one_that_knows_nothing() -> None:
    model = seewhy.adapt(of_table(torch.zeros(16)))
    assert find_method("greedy-search").family == "control"
    assert explainer_of("greedy-search", model).role == "bound"
    controls = ("random", "blurred-random", "centre-prior", "edges")
    assert {explainer_of(name, model).role for name in controls} == {"control"}
