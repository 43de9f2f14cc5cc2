"""Comparisons of methods: signs, Holm, power, the best, and verdicts."""

import itertools
import math

import numpy as np
import pytest

from seewhy.errors import BadScores
from seewhy.stats.compare import compare
from seewhy.stats.power import detectable, needed
from seewhy.stats.signs import holm, sign_flip
from seewhy.stats.units import Units


def scores(gap: float, count: int = 80, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=count)
    return {name: shared + 0.3 * rng.normal(size=count) + gap * (name == "good") for name in ("good", "plain")}


def test_the_sign_test_of_few_images_tries_every_pattern():
    gaps = np.array([0.4, -0.1, 0.9, 0.3, 0.2])
    patterns = [abs(np.dot(signs, gaps)) for signs in itertools.product((-1, 1), repeat=5)]
    expected = np.mean([pattern >= gaps.sum() - 1e-12 for pattern in patterns])
    assert sign_flip(Units.of(gaps)) == pytest.approx(expected)


def test_the_sign_test_of_many_images_is_that_of_all_patterns_nearly():
    gaps = np.random.default_rng(4).normal(0.3, 1, size=16)
    patterns = np.abs(np.array(list(itertools.product((-1, 1), repeat=16))) @ gaps)
    assert sign_flip(Units.of(gaps)) == pytest.approx((patterns >= abs(gaps.sum())).mean(), abs=0.015)


def test_no_difference_is_called_one_as_often_as_promised():
    rng = np.random.default_rng(9)
    false = [sign_flip(Units.of(rng.exponential(size=9) * rng.choice([-1, 1], size=9))) <= 0.05 for _ in range(600)]
    assert 0.025 <= np.mean(false) <= 0.07


def test_holm_raises_p_values_step_by_step():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_a_clear_difference_is_told_from_both_sides():
    found = compare(scores(0.5))
    contest, turned = found.contest("good", "plain"), found.contest("plain", "good")
    assert (contest.verdict, turned.verdict) == ("better", "worse")
    assert contest.difference.holds(0.5)
    assert (turned.difference.low, turned.difference.high) == (-contest.difference.high, -contest.difference.low)
    assert found.best["good"] > 0.99
    assert sum(found.best.values()) == pytest.approx(1)


def test_what_cannot_be_told_apart_says_how_many_images_it_would_take():
    found = compare(scores(0.02, 40, seed=2)).contest("good", "plain")
    assert found.verdict == "cannot be told apart"
    assert found.images_needed > 40
    assert found.detectable > abs(found.difference.value)


def test_a_difference_is_called_one_when_it_is_as_large_as_told_to_be_detectable_four_times_in_five():
    told, rng = detectable(1.0, 40), np.random.default_rng(0)
    seen = [sign_flip(Units.of(rng.normal(told, 1, size=40)), seed) <= 0.05 for seed in range(300)]
    assert 0.75 <= np.mean(seen) <= 0.86


@pytest.mark.parametrize("tests", [1, 10])
def test_detectable_and_needed_are_each_other_turned_round(tests):
    assert needed(detectable(2.0, 150, tests=tests), 2.0, tests=tests) in (150, 151)
    assert math.isinf(needed(0.0, 1.0))
    assert math.isinf(detectable(1.0, 1))


def test_identical_methods_share_the_first_place_and_nothing_is_claimed():
    same = np.arange(10.0)
    found = compare({"a": same, "b": same})
    assert found.best == {"a": 0.5, "b": 0.5}
    assert found.contest("a", "b").verdict == "cannot be told apart"
    assert math.isinf(found.contest("a", "b").images_needed)


def test_an_image_without_a_score_is_left_out_where_it_is_missing_only():
    columns = scores(0.5) | {"third": np.zeros(80)}
    columns["third"][:70] = np.nan
    found = compare(columns)
    assert found.contest("good", "plain").difference.count == 80
    assert found.contest("good", "third").difference.dropped == 70
    assert found.images == 10


def test_three_images_decide_nothing():
    found = compare({"a": [1.0, 2.0, 3.0], "b": [0.0, 0.0, 0.0]})
    assert found.contest("a", "b").verdict == "cannot be told apart"
    assert np.isnan(found.best["a"])


def test_clusters_are_the_units_of_every_number():
    alone = scores(0.15, 30)
    copied = {name: np.repeat(column, 6) for name, column in alone.items()}
    once, again = compare(alone), compare(copied, clusters=np.repeat(range(30), 6))
    first, second = once.contest("good", "plain"), again.contest("good", "plain")
    assert second.p == first.p
    assert second.detectable == pytest.approx(first.detectable)
    assert second.images_needed == 6 * first.images_needed
    assert again.best == once.best


def test_more_methods_need_more_evidence():
    two, many = scores(0.12, 60, seed=1), scores(0.12, 60, seed=1)
    many |= {f"other {k}": many["plain"] for k in range(2)}
    first, second = (compare(columns).contest("good", "plain") for columns in (two, many))
    assert second.p > first.p
    assert second.detectable > first.detectable


def test_scores_of_different_images_and_unknown_names_are_refused():
    with pytest.raises(BadScores, match="cannot be paired"):
        compare({"a": [1.0], "b": [1.0, 2.0]})
    with pytest.raises(BadScores, match="not compared"):
        compare(scores(0.1)).contest("good", "bad")
