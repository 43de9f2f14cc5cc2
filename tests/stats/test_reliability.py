"""Reliability of a metric, noise within images, and Kendall's tau."""

import math

import numpy as np
import pytest
from scipy import stats

from seewhy.errors import BadScores
from seewhy.stats.reliability import kendall, noise_share, split_half


def test_a_metric_that_rates_methods_alike_on_all_images_is_reliable():
    levels = np.arange(5.0)
    assert split_half(np.tile(levels, (20, 1))) == pytest.approx(1)


def test_noise_is_not_reliable_and_more_images_make_a_metric_so():
    rng, levels = np.random.default_rng(0), np.arange(6.0) * 0.2
    noise = np.mean([split_half(rng.normal(size=(30, 6)), seed=seed) for seed in range(40)])
    few, many = (split_half(levels + rng.normal(size=(n, 6))) for n in (8, 200))
    assert abs(noise) < 0.35
    assert few < many
    assert many > 0.95


def test_the_step_up_gives_the_reliability_of_all_images():
    """Parallel tests: levels of variance t and noise of variance e / n have the reliability t / (t + e / n)."""
    rng, methods, images = np.random.default_rng(1), 400, 20
    table = rng.normal(size=methods) + 3 * rng.normal(size=(images, methods))
    assert split_half(table) == pytest.approx(1 / (1 + 9 / images), abs=0.06)


@pytest.mark.parametrize("table", [np.ones((10, 2)), np.ones((3, 5)), np.full((9, 4), np.nan)])
def test_too_little_says_nothing(table):
    assert math.isnan(split_half(table))


def test_the_share_of_sampling_noise_is_what_was_put_in():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=4000) * 3 + rng.normal(size=4000) * 4
    assert noise_share(scores, np.full(4000, 4.0)) == pytest.approx(16 / 25, abs=0.03)
    with pytest.raises(BadScores):
        noise_share([1.0, 2.0], [1.0])


def test_kendall_with_ties_is_scipys():
    rng = np.random.default_rng(5)
    for _ in range(20):
        a, b = rng.integers(4, size=30), rng.integers(4, size=30)
        assert kendall(a, b) == pytest.approx(stats.kendalltau(a, b).statistic)
    assert math.isnan(kendall([1, 1], [1, 2]))
    assert kendall([1, 2, math.nan], [2, 1, 0]) == -1
    long = rng.normal(size=(2, 1500))
    assert kendall(*long) == pytest.approx(stats.kendalltau(*long).statistic)
