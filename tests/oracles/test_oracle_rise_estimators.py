"""Debiased RISE: both estimators from the very masks that were drawn, and on a score whose map is known exactly."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
import torch

import seewhy
from seewhy.engine.masks import SoftGrid
from seewhy.registry import find_method
from seewhy.testing import contracts
from seewhy.testing.asking import CASES, NETWORKS

SIDE, CELLS = 12, 3
IMAGE = torch.rand(1, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) * 0.8 + 0.1
WEIGHTS = torch.randn(1, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
OPTIONS = {"method": "debiased-rise", "baseline": seewhy.Colour(0.0), "cells": CELLS, "scale": "logit", "target": 0}


def linear(images: torch.Tensor) -> torch.Tensor:
    """A score that is linear in the mask, far from zero."""
    score = 20 + (images * WEIGHTS).flatten(1).sum(dim=1)
    return torch.stack([score, -score], dim=1)


def bent(images: torch.Tensor) -> torch.Tensor:
    score = torch.tanh((images * WEIGHTS).flatten(1).sum(dim=1)) + 2 * images[:, 0, :4, :4].flatten(1).amax(dim=1)
    return torch.stack([score, -score], dim=1)


def every_mask() -> torch.Tensor:
    """All 2^9 coins under all 16 shifts."""
    grid = SoftGrid((SIDE, SIDE), CELLS, 0.5, 0)
    coins = torch.tensor(list(itertools.product((0.0, 1.0), repeat=CELLS**2))).reshape(-1, CELLS, CELLS)
    shifts = [torch.tensor(shift).expand(len(coins), 2) for shift in itertools.product(range(4), repeat=2)]
    return torch.cat([grid._enlarged(coins, shift) for shift in shifts])


def exact(network) -> np.ndarray:
    """cov(score, mask) / (1/4) over all masks there are."""
    masks = every_mask()
    scores = network(masks[:, None] * IMAGE)[:, 0].double()
    return ((scores - scores.mean())[:, None, None] * (masks.double() - 0.5)).mean(dim=0).numpy() * 4


@pytest.mark.parametrize("estimator", ["regression", "covariance"])
@pytest.mark.parametrize("network", [linear, bent])
def test_both_estimators_find_the_covariance_over_all_masks(estimator: str, network) -> None:
    options = {**OPTIONS, "estimator": estimator, "tolerance": 0.0, "samples": 3000}
    found, truth = seewhy.explain(network, IMAGE, **options), exact(network)
    error = np.linalg.norm(found.values - truth) / np.linalg.norm(truth)
    assert error < 0.12, f"{error:.3f}"
    assert (np.abs(found.values - truth) < 2 * found.band + 0.03 * np.abs(truth).max()).all()


def test_the_covariance_and_its_errors_are_the_formulas_on_the_same_masks() -> None:
    masks = torch.cat([block for _, block in SoftGrid((SIDE, SIDE), CELLS, 0.3, 3).draw(200, 64)]).double().numpy()
    options = {**OPTIONS, "estimator": "covariance", "tolerance": 0.0, "samples": 200, "seed": 3, "keep": 0.3}
    found = seewhy.explain(bent, IMAGE, **options)
    scores = bent(torch.from_numpy(masks).float()[:, None] * IMAGE)[:, 0].double().numpy()
    terms = (scores - scores.mean())[:, None, None] * (masks - 0.3) / (0.3 * 0.7)
    np.testing.assert_allclose(found.values, terms.sum(axis=0) / 199, atol=1e-5)
    np.testing.assert_allclose(found.stderr, terms.std(axis=0, ddof=1) / 200**0.5, rtol=0.01, atol=1e-5)


def test_with_a_single_cell_the_gain_is_that_of_the_whole_image_over_the_empty_one() -> None:
    options = {**OPTIONS, "cells": 1, "tolerance": 0.0, "samples": 2000}
    gain = float((bent(IMAGE[None]) - bent(torch.zeros(1, 1, SIDE, SIDE)))[0, 0])
    covariance = seewhy.explain(bent, IMAGE, **options, estimator="covariance").values
    np.testing.assert_allclose(covariance, gain, rtol=0.03)  # shown is not hidden exactly as often
    np.testing.assert_allclose(seewhy.explain(bent, IMAGE, **options).values, gain, rtol=1e-4)


def test_opposite_masks_show_together_exactly_everything() -> None:
    (block,) = [block for _, block in SoftGrid((SIDE, SIDE), CELLS, 0.5, 0).draw(8, 64, paired=True)]
    assert (block[::2] + block[1::2] - 1).abs().max() < 1e-6


def test_bars_of_both_estimators_hold_the_truth_as_often_as_they_promise() -> None:
    truth = exact(bent)
    for estimator in ("regression", "covariance"):
        inside = []
        for seed in range(25):
            options = {**OPTIONS, "estimator": estimator, "tolerance": 0.0, "samples": 128, "seed": seed}
            found = seewhy.explain(bent, IMAGE, **options)
            inside.append((np.abs(found.values - truth) <= 1.96 * found.stderr).mean())
        assert 0.85 < np.mean(inside) <= 1, f"{estimator}: {np.mean(inside):.2f}"


def test_a_score_far_from_zero_costs_the_published_estimator_and_not_these() -> None:
    truth, errors = exact(linear), {}
    for name in ("published", "covariance", "regression"):
        options = {**OPTIONS, "tolerance": 0.0, "samples": 200}
        options |= {"method": "rise"} if name == "published" else {"estimator": name}
        found = seewhy.explain(linear, IMAGE, **options)
        values = 2 * (found.values - float(found.zero)) if name == "published" else found.values
        errors[name] = np.linalg.norm(values - truth) / np.linalg.norm(truth)
    assert errors["published"] > 2 * errors["covariance"] > 3 * errors["regression"], errors


def test_the_regression_refuses_masks_without_opposites() -> None:
    with pytest.raises(seewhy.errors.BadOption, match=r"keep=0\.3"):
        seewhy.explain(bent, IMAGE, **OPTIONS, keep=0.3)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_covariance_keeps_the_contracts_too(case) -> None:
    entry = find_method("debiased-rise")
    covariance = lambda probe, **options: entry.function(probe, **{**options, "estimator": "covariance"})  # noqa: E731
    covariance.__wrapped__ = entry.function
    other = dataclasses.replace(entry, function=covariance)
    contracts.check_values(other, case)
    contracts.check_seed(other, case)
    if case in NETWORKS:
        contracts.check_cost(other, case)
        contracts.check_chunks(other, case, 3)
