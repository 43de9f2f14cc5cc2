"""Extremal perturbation on formulas whose best part is known, and its masks pixel by pixel in plain Python."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from known_networks import Formula, weighted

import seewhy
from seewhy.engine.smooth_masks import area_misfit, smooth_masks
from seewhy.errors import BadOption

WHITE = torch.ones(1, 24, 24)


def extremal(network, image=WHITE, **options):
    asked = {"cells": 8, "steps": 50, "areas": 1, "target": 0, "baseline": seewhy.Colour(0.0), **options}
    return seewhy.explain(network, image, method="extremal-perturbation", preprocess=seewhy.Preprocess.plain(), **asked)


def patch(*corners, side=3, of=24):
    weights = torch.zeros(1, of, of)
    for y, x in corners:
        weights[0, y : y + side, x : x + side] = 1.0
    return weights


@pytest.mark.parametrize(("y", "x"), [(9, 15), (0, 0), (21, 3)])
def test_the_mask_of_a_patchs_area_covers_the_patch(y, x):
    weights = patch((y, x))
    found = extremal(weighted(weights), keep=9 / 576).values
    inside = weights[0].numpy() > 0
    assert found[inside].min() > 0.6
    assert found[inside].min() >= found[~inside].max()
    assert 9 / 576 < found.mean() < 3.4 / 64  # a single bump, all of it


@pytest.mark.parametrize("keep", [0.1, 0.2, 0.5])
def test_the_area_is_met_and_what_the_score_needs_is_shown_in_full(keep):
    weights = patch((9, 15), (3, 3))
    found = extremal(weighted(weights), keep=keep).values
    assert found.mean() == pytest.approx(keep, abs=0.03)
    assert found[weights[0].numpy() > 0].min() > 0.9


def test_the_part_is_nearly_as_good_as_any_of_its_area():
    y, x = torch.meshgrid(torch.arange(24.0), torch.arange(24.0), indexing="ij")
    weights = torch.exp(-((y - 8) ** 2 + (x - 15) ** 2) / 32)
    ranked = weights.flatten().sort(descending=True).values
    for keep in (0.1, 0.2, 0.4):
        found = torch.from_numpy(extremal(weighted(weights[None]), keep=keep).values)
        best = float(ranked[: round(float(found.sum()))].sum())
        assert float((weights * found).sum()) > 0.93 * best


def test_two_patches_that_are_needed_together_are_both_shown():
    one, other = patch((3, 3)), patch((15, 18))
    both = Formula(lambda images: (images * one).sum(dim=(1, 2, 3)) * (images * other).sum(dim=(1, 2, 3)))
    found = extremal(both, keep=0.1).values
    assert found[(one + other)[0].numpy() > 0].min() > 0.9


def test_what_speaks_against_the_target_is_left_out():
    weights = patch((9, 15))
    found = extremal(weighted(weights), keep=0.5, target=1).values
    assert found[weights[0].numpy() > 0].max() < 0.1


def test_the_unit_of_the_score_does_not_change_the_part():
    image, weights = torch.rand(1, 24, 24, generator=torch.Generator().manual_seed(1)), patch((9, 15), (3, 3))
    one, other = (extremal(weighted(scale * weights), image, keep=0.2).values for scale in (1.0, 64.0))
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_areas_are_halved_and_the_map_is_the_mean_of_their_masks():
    weights = patch((9, 15), side=6)
    halves = [extremal(weighted(weights), keep=keep).values for keep in (0.4, 0.2, 0.1)]
    found = extremal(weighted(weights), keep=0.4, areas=3)
    np.testing.assert_allclose(found.values, np.mean(halves, axis=0), atol=1e-5)
    assert found.cost.forward == 1 + 1 + 3 * 51
    assert found.cost.backward == 3 * 50


def test_scores_of_the_parts_alone_are_told():
    found = extremal(weighted(patch((9, 15))), keep=0.2)
    shown = found.values[9:12, 15:18].sum()
    told = f"The image scores 9; shown alone, {found.values.mean():.0%} of it {shown:.4g}."
    assert told in [check.message for check in found.checks]


def test_a_patch_of_a_clip_is_shown_when_and_where_it_is():
    weights = torch.zeros(1, 8, 12, 12)
    weights[0, 4:6, 3:6, 6:9] = 1.0
    (found,) = extremal(weighted(weights), torch.ones(1, 1, 8, 12, 12), cells=4, keep=0.1)
    assert found.values[weights[0].numpy() > 0].min() > 0.9
    assert found.values.mean() == pytest.approx(0.1, abs=0.05)


def slow_mask(cells, space):
    """The smooth maximum over all cells within one and a half of a pixel, along each axis."""
    out = np.zeros(space)
    for pixel in np.ndindex(*space):
        at = [(p + 0.5) * n / size - 0.5 for p, n, size in zip(pixel, cells.shape, space, strict=True)]
        near = [[c for c in range(n) if abs(c - round(a)) <= 1] for a, n in zip(at, cells.shape, strict=True)]
        over = under = 0.0
        for cell in itertools.product(*near):
            beside = [max(0.0, abs(c - a) - 0.5) * 3 for c, a in zip(cell, at, strict=True)]
            value = cells[cell] * math.exp(-0.5 * sum(b * b for b in beside))
            over += value * math.exp(20 * value)
            under += math.exp(20 * value)
        out[pixel] = over / under
    return out


@pytest.mark.parametrize(("grid", "space"), [((3, 4), (9, 10)), ((2, 3, 2), (4, 7, 5)), ((1, 1), (4, 4))])
def test_a_mask_is_the_smooth_maximum_of_bumps_pixel_by_pixel(grid, space):
    cells = torch.rand(grid, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    np.testing.assert_allclose(smooth_masks(cells[None], space)[0], slow_mask(cells.numpy(), space), rtol=1e-6)


def test_the_misfit_of_an_area_is_that_of_the_ranked_pixels():
    masks = torch.tensor([[0.0, 1.0, 0.0, 1.0], [0.5, 0.5, 0.5, 0.5], [0.0, 0.2, 0.6, 0.9]])
    shares = torch.tensor([0.5, 0.25, 0.5])
    expected = [0.0, 0.25, (0.04 + 0.16 + 0.01) / 4]
    np.testing.assert_allclose(area_misfit(masks, shares), expected, atol=1e-6)


@pytest.mark.parametrize("keep", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_that_is_no_part_is_refused(keep):
    with pytest.raises(BadOption, match="not a part of the image"):
        extremal(weighted(patch((0, 0))), keep=keep)
