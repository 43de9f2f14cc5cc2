"""Quadtree occlusion on formulas whose drops can be written down, and block by block in plain Python."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from known_networks import Formula, weighted

import seewhy
from seewhy.engine.quadtree import questions
from seewhy.errors import BadOption

BLACK = seewhy.Colour(0.0)


def ask(formula, image, **options):
    asked = {"target": 0, "baseline": BLACK, "preprocess": seewhy.Preprocess.plain(), **options}
    return seewhy.explain(formula, image, method="quadtree-occlusion", **asked)


def planted(y, x, side, of=32):
    """The sum of a square of a white image."""
    weights = torch.zeros(1, of, of)
    weights[0, y : y + side, x : x + side] = 1.0
    return weighted(weights), weights[0].numpy()


@pytest.mark.parametrize(("y", "x", "splits"), [(8, 20, 1), (4, 12, 1), (14, 14, 4)])
def test_a_small_square_is_found_at_the_finest_size_with_fewer_calls_than_the_fine_grid(y, x, splits):
    formula, square = planted(y, x, 4)
    found = ask(formula, torch.ones(1, 32, 32), cells=4, window=4, samples=16 + 4 * splits)
    assert found.cost.forward == 2 + 16 + 4 * splits < 2 + 64  # the image, the black one, blocks; 64 of 4 x 4 pixels
    blocks = square.reshape(8, 4, 8, 4).mean(axis=(1, 3)).repeat(4, axis=0).repeat(4, axis=1)
    np.testing.assert_allclose(found.values, blocks, atol=1e-6)


def by_hand(value, box, window, drop, share, out):
    """A full tree, block by block: share of the drop of a box, split up by the drops of its quarters."""
    y0, y1, x0, x1 = box
    if max(y1 - y0, x1 - x0) <= window:
        out[y0:y1, x0:x1] = share / ((y1 - y0) * (x1 - x0))
        return
    rows = [(y0, (y0 + y1 + 1) // 2), ((y0 + y1 + 1) // 2, y1)] if y1 - y0 > window else [(y0, y1)]
    columns = [(x0, (x0 + x1 + 1) // 2), ((x0 + x1 + 1) // 2, x1)] if x1 - x0 > window else [(x0, x1)]
    quarters = [(*row, *column) for row in rows for column in columns]
    drops = [value(quarter) for quarter in quarters]
    for quarter, own in zip(quarters, drops, strict=True):
        by_hand(value, quarter, window, own, own + (share - sum(drops)) / len(drops), out)


def test_a_full_tree_is_its_definition_block_by_block_also_where_blocks_interact_and_are_uneven():
    generator = torch.Generator().manual_seed(3)
    image, weights = torch.rand(1, 11, 14, generator=generator), torch.randn(2, 11, 14, generator=generator)

    def score(images):
        one, other = ((images[:, 0] * w).flatten(1).sum(dim=1) for w in weights)
        return one * other + one

    def drop(box):
        hidden = image.clone()
        hidden[0, box[0] : box[1], box[2] : box[3]] = 0
        return float(score(image[None]) - score(hidden[None]))

    expected = np.zeros((11, 14))
    for y, x in np.ndindex(2, 2):  # the first half is the larger one
        box = ([0, 6, 11][y], [0, 6, 11][y + 1], [0, 7, 14][x], [0, 7, 14][x + 1])
        by_hand(drop, box, 2, drop(box), drop(box), expected)
    found = ask(Formula(score), image, cells=2, window=2, samples=1000)
    np.testing.assert_allclose(found.values, expected, atol=1e-5 * np.abs(expected).max())
    assert found.sampling.stop == "exact"


@pytest.mark.parametrize("samples", [4, 8, 13, 40, 84])
def test_however_far_it_is_refined_the_map_sums_to_the_drops_of_the_first_blocks(samples):
    halves = lambda images: images[:, 0, :, :8].mean(dim=(1, 2)) * images[:, 0, :, 8:].square().mean(dim=(1, 2))  # noqa: E731
    image = torch.rand(1, 16, 16, generator=torch.Generator().manual_seed(4))
    first = ask(Formula(halves), image, cells=2, window=8, samples=4).parts.values.sum()
    found = ask(Formula(halves), image, cells=2, window=2, samples=samples)
    assert found.values.sum() == pytest.approx(first, rel=1e-4)
    assert found.parts.values.sum() == pytest.approx(first, rel=1e-4)


def test_what_no_quarter_costs_alone_is_shared_by_all_four():
    brightest = Formula(lambda images: images[:, 0, :8, :8].amax(dim=(1, 2)))
    image = torch.zeros(1, 16, 16)
    image[0, 1, 1] = image[0, 6, 6] = 1.0  # either suffices
    found = ask(brightest, image, cells=2, window=4, samples=100)
    expected = np.zeros((16, 16))
    expected[:8, :8] = 1 / 64
    np.testing.assert_allclose(found.values, expected, atol=1e-7)


def test_evidence_that_cancels_in_a_large_block_is_not_looked_at_while_others_wait():
    weights = torch.zeros(1, 16, 16)
    weights[0, 0, 0], weights[0, 0, 7], weights[0, 12, 12] = 5.0, -5.0, 1.0
    few = ask(weighted(weights), torch.ones(1, 16, 16), cells=2, window=4, samples=8)
    assert not few.values[:8, :8].any()
    assert few.values[12, 12] == pytest.approx(1 / 16)
    enough = ask(weighted(weights), torch.ones(1, 16, 16), cells=2, window=4, samples=20)
    assert enough.values[0, 0] == pytest.approx(5 / 16)
    assert enough.values[0, 7] == pytest.approx(-5 / 16)


def test_a_clip_is_halved_in_time_as_well():
    weights = torch.zeros(1, 8, 8, 8)
    weights[0, 5, 2, 3] = 1.0
    found = ask(weighted(weights), torch.ones(1, 1, 8, 8, 8), cells=1, window=2, samples=17)[0]
    expected = np.zeros((8, 8, 8))
    expected[4:6, 2:4, 2:4] = 1 / 8
    np.testing.assert_allclose(found.values, expected, atol=1e-7)


@pytest.mark.parametrize("samples", [9, 12, 14, 17, 30, 61, 90, 500])
def test_uneven_blocks_never_cost_more_than_was_declared(samples):
    weights = torch.randn(1, 11, 7, generator=torch.Generator().manual_seed(6))
    found = ask(weighted(weights), torch.ones(1, 11, 7), cells=3, window=2, samples=samples)
    declared = 2 + questions((11, 7), 3, 2, samples)
    assert found.cost.forward <= declared <= 2 + samples
    assert declared - found.cost.forward < 4  # no split was left out that would have been paid for


def test_samples_that_do_not_pay_for_the_first_grid_are_refused():
    with pytest.raises(BadOption, match="do not pay for the 49 blocks"):
        ask(planted(0, 0, 4)[0], torch.ones(1, 32, 32), samples=48)
