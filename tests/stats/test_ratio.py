"""One mean as a multiple of another on the same images."""

import numpy as np

from seewhy.stats.bootstrap import ratio_interval


def test_a_constant_multiple_is_found_exactly_and_without_width():
    theirs = np.random.default_rng(0).uniform(1, 2, 20)
    found = ratio_interval(theirs * 0.7, theirs)
    np.testing.assert_allclose([found.value, found.low, found.high], 0.7, rtol=1e-12)


def test_the_interval_holds_the_ratio_of_the_true_means_as_often_as_promised():
    rng, held = np.random.default_rng(1), 0
    for _ in range(400):
        theirs = rng.normal(1.0, 0.3, 40)
        held += ratio_interval(0.5 * theirs + rng.normal(0, 0.2, 40), theirs, resamples=800).holds(0.5)
    assert 0.92 <= held / 400 <= 0.98


def test_nothing_is_bounded_against_a_mean_that_may_be_zero_or_from_few_images():
    rng = np.random.default_rng(2)
    assert not ratio_interval(rng.normal(1, 1, 30), rng.normal(0, 1, 30)).known
    assert not ratio_interval(np.ones(5), np.ones(5)).known


def test_an_image_that_either_lacks_counts_in_neither():
    found = ratio_interval([1.0, np.nan, 3.0] * 4, [2.0, 100.0, 6.0] * 4)
    assert (found.value, found.count, found.dropped) == (0.5, 8, 4)
