"""Successive halving: how many images before each look, who is dropped, and how often that is a mistake."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from seewhy.stats.halving import ahead, behind, fewest, hopeless, leading, rounds, surely_better


@pytest.mark.parametrize(("images", "contestants"), [(40, 12), (24, 7), (1000, 6), (7, 5), (3, 2), (1, 2)])
def test_rounds_double_and_end_with_all_images(images, contestants):
    found = rounds(images, contestants)
    assert found[-1] == images
    assert found == sorted(set(found))
    assert all(2 <= later / earlier < 3 or later == images for earlier, later in itertools.pairwise(found))


@pytest.mark.parametrize(("images", "contestants"), [(40, 12), (24, 7), (200, 6)])
def test_the_first_round_is_just_large_enough_for_a_clean_sweep_to_be_sure(images, contestants):
    found = rounds(images, contestants)
    tests = (contestants - 1) * len(found)
    always = np.ones(found[0])
    assert surely_better(always, 0 * always, tests=tests)
    fewer = np.ones(found[0] - 1)
    assert not surely_better(fewer, 0 * fewer, tests=tests)
    assert fewest(1) == 6


def test_who_loses_everywhere_is_behind_and_who_ties_is_not():
    random = np.random.default_rng(0)
    best = random.normal(1.0, 0.1, 12)
    scores = {"bad": best - 1 + random.normal(0, 0.1, 12), "best": best, "alike": best + random.normal(-0.01, 0.1, 12)}
    assert leading(scores) == "best"
    assert behind(scores, tests=10) == {"bad": "best"}


def test_one_falls_behind_whoever_is_surely_better_not_only_behind_the_leader():
    steady, other = np.full(10, 0.5), np.zeros(10)
    leader = np.append(np.full(9, -0.1), 20.0)  # far ahead on average, on a single image
    assert behind({"leader": leader, "steady": steady, "other": other}, tests=4) == {"other": "steady"}


def test_images_without_a_score_count_for_nobody():
    best, other = np.ones(12), np.zeros(12)
    other[8:] = np.nan
    assert behind({"best": best, "other": other}, tests=1) == {"other": "best"}  # 2 / 2^8
    assert behind({"best": best, "other": other}, tests=10) == {}


def test_the_best_is_rarely_dropped_however_often_one_looks():
    looks, rivals, runs = range(8, 14), 2, 300
    random = np.random.default_rng(1)
    dropped = {1: 0, rivals * len(looks): 0}
    for _ in range(runs):
        scores = random.normal(size=(rivals + 1, looks[-1]))
        for tests in dropped:
            seen = ({str(i): row[:n] for i, row in enumerate(scores)} for n in looks)
            dropped[tests] += any("0" in behind(one, tests=tests) for one in seen)
    naive, honest = (count / runs for count in dropped.values())
    assert honest <= 0.05
    assert naive > 0.08  # without the correction it would not do


def test_what_no_number_of_images_at_hand_can_tell_is_hopeless():
    one = np.random.default_rng(2).normal(size=20)
    assert hopeless({"one": one, "same": one.copy()}, 10_000, tests=5)
    near = one + np.random.default_rng(3).normal(0, 0.2, 20)
    assert hopeless({"one": one, "near": near}, 22, tests=5)
    assert not hopeless({"one": one, "near": near}, 10_000, tests=5)
    assert not hopeless({"one": one[:4], "near": near[:4]}, 22, tests=5)  # nothing is known yet


def test_the_share_of_image_sets_on_which_one_is_ahead():
    random = np.random.default_rng(4)
    one = random.normal(size=50)
    assert ahead(one, one - 1 + random.normal(0, 0.1, 50)) == 1.0
    noise = random.normal(0, 1, 50)
    assert ahead(one, one + noise) + ahead(one + noise, one) == pytest.approx(1.0)
    assert np.isnan(ahead(one[:3], noise[:3]))
