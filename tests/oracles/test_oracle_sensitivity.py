"""Sobol indices and HSIC on scores whose values can be derived by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import seewhy
from seewhy.domain.regions import Given
from seewhy.engine.levels import painted

BLACK = {"baseline": seewhy.Colour(0.0), "scale": "logit", "target": 0, "tolerance": 0.0}
WHITE = torch.ones(1, 4, 4)  # so that a pixel is the level of its part


def of_quarters(formula):
    """A score of the four quarters of a 4 x 4 image, read at their first pixels."""

    def network(images: torch.Tensor) -> torch.Tensor:
        score = formula(*images[:, 0, ::2, ::2].flatten(1).T)
        return torch.stack([score, -score], dim=1)

    return network


def indices(formula, samples: int = 2048, image: torch.Tensor = WHITE, **options):
    return seewhy.explain(
        of_quarters(formula), image, method="sobol", regions=seewhy.Grid(2), samples=samples, **{**BLACK, **options}
    )


def test_a_sum_has_the_shares_of_the_variances_of_its_terms() -> None:
    found = indices(lambda a, b, c, d: 3 * a - 2 * b + c + 0 * d)
    expected = np.array([[9, 4], [1, 0]]) / 14  # each level has variance 1/12
    np.testing.assert_allclose(found.values, expected, atol=0.02)
    assert found.values[1, 1] == 0
    assert found.values.sum() == pytest.approx(1, abs=0.03)


def test_a_product_counts_its_interaction_for_both() -> None:
    # var(ab) = (1/3)^2 - (1/4)^2 = 7/144; E var(ab | b) = E b^2 / 12 = 1/36: total index 4/7 each, more than 1 together
    found = indices(lambda a, b, c, d: a * b)
    np.testing.assert_allclose(found.values, [[4 / 7, 4 / 7], [0, 0]], atol=0.02)


def test_ishigami_has_its_known_total_indices() -> None:
    def ishigami(a, b, c, d):
        x, y, z = (math.pi * (2 * level - 1) for level in (a, b, c))
        return x.sin() + 7 * y.sin().square() + 0.1 * z.pow(4) * x.sin()

    eighth = 0.1 * math.pi**4 / 5
    first, second, both = (1 + eighth) ** 2 / 2, 7**2 / 8, 8 * (0.1 * math.pi**4) ** 2 / 225
    total = first + second + both
    expected = np.array([[(first + both) / total, second / total], [both / total, 0]])
    np.testing.assert_allclose(indices(ishigami).values, expected, atol=0.03)


def test_bars_of_the_indices_hold_the_truth_as_often_as_they_promise() -> None:
    inside = []
    for seed in range(40):
        found = indices(lambda a, b, c, d: a * b + 0.5 * c, samples=48, seed=seed)
        # var = 7/144 + 1/48 = 10/144; totals 4/10, 4/10, 3/10
        truth = np.array([[0.4, 0.4], [0.3, 0]])
        inside.append((np.abs(found.values - truth) <= found.band).all())
    assert np.mean(inside) >= 0.85, np.mean(inside)


def test_evenly_spread_points_are_closer_than_coins_would_be() -> None:
    formula = lambda a, b, c, d: 3 * a - 2 * b + c  # noqa: E731
    truth = np.array([[9, 4], [1, 0]]) / 14
    errors = [((indices(formula, samples=32, seed=seed).values - truth) ** 2).sum() for seed in range(30)]
    generator, plain = torch.Generator().manual_seed(0), []
    for _ in range(30):
        a, b = torch.rand(2, 32, 4, generator=generator, dtype=torch.float64)
        weights = torch.tensor([3.0, -2.0, 1.0, 0.0], dtype=torch.float64)
        jansen = (weights * (a - b)).square().mean(dim=0) / 2
        variance = (torch.cat([a, b]) @ weights).var(correction=0)
        plain.append(float(((jansen / variance).numpy() - truth.ravel()).__pow__(2).sum()))
    assert np.mean(errors) < 0.2 * np.mean(plain), (np.mean(errors), np.mean(plain))


def test_a_score_that_does_not_vary_has_no_shares_and_no_bars() -> None:
    found = indices(lambda a, b, c, d: 0 * a + 3, samples=16)
    assert (found.values == 0).all()
    assert (found.stderr == 0).all()


def test_parts_that_overlap_multiply_and_no_part_is_always_there() -> None:
    cover = torch.zeros(2, 2, 2)
    cover[0, 0], cover[1, :, 0] = 1, 1
    regions = Given(cover).of(torch.ones(1, 2, 2))
    assert painted(regions, torch.tensor([[0.5, 0.25]])).tolist() == [[[0.125, 0.5], [0.25, 1.0]]]
    labels = Given(torch.tensor([[0, 1], [-1, 0]])).of(torch.ones(1, 2, 2))
    assert painted(labels, torch.tensor([[0.5, 0.25]])).tolist() == [[[0.5, 0.25], [1.0, 0.5]]]


def dependence(formula, samples: int = 1024, **options):
    return seewhy.explain(
        of_quarters(formula), WHITE, method="hsic", regions=seewhy.Grid(2), samples=samples, **{**BLACK, **options}
    )


def test_hsic_is_the_trace_of_the_paper_on_the_coalitions_that_were_asked() -> None:
    asked: list[torch.Tensor] = []

    def network(images: torch.Tensor) -> torch.Tensor:
        asked.extend(images[:, 0, ::2, ::2].flatten(1))
        return of_quarters(lambda a, b, c, d: a * b + torch.tanh(3 * c - d) + 0.1 * d)(images)

    seewhy.explain(network, WHITE, method="hsic", regions=seewhy.Grid(2), samples=2000, **BLACK)
    levels = torch.stack(asked).unique(dim=0)  # all 16, each as likely as any other
    assert len(levels) == 16
    scores = network(levels.reshape(-1, 1, 2, 2).repeat_interleave(2, 2).repeat_interleave(2, 3))[:, 0].double().numpy()
    apart = np.abs(scores[:, None] - scores[None])
    found = dependence(lambda a, b, c, d: a * b + torch.tanh(3 * c - d) + 0.1 * d, samples=4000)
    width = np.median(np.repeat(apart.ravel(), 8))  # over draws, twins included
    kernel, centre = np.exp(-(apart**2) / (2 * width**2)), np.eye(16) - 1 / 16
    for part, value in enumerate(found.values.ravel()):
        bits = levels[:, part].numpy()
        dirac = 0.5 - (bits[:, None] - bits[None]) ** 2
        expected = np.trace(dirac @ centre @ kernel @ centre) / 16**2
        assert value == pytest.approx(expected, rel=0.12, abs=3e-3)


def test_a_region_that_the_score_ignores_gets_what_chance_gives_on_average() -> None:
    found = [dependence(lambda a, b, c, d: a + b * c, samples=64, seed=seed) for seed in range(40)]
    ignored, chance = np.array([one.values[1, 1] for one in found]), np.array([float(one.zero) for one in found])
    assert ignored.mean() == pytest.approx(chance.mean(), rel=0.45)
    assert min(one.values[0, 0] - float(one.zero) for one in found) > 0


def test_a_score_that_never_changes_depends_on_nothing() -> None:
    found = dependence(lambda a, b, c, d: 0 * a + 2, samples=64)
    assert (found.values == 0).all()
    assert float(found.zero) == 0
