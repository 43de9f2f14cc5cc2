"""Intervals of a mean over images: what they are by definition, what they hold, and what they refuse."""

import itertools

import numpy as np
import pytest
from scipy import stats

from seewhy.errors import BadScores
from seewhy.stats.bootstrap import difference_interval, mean_interval, resampled
from seewhy.stats.units import Units

SKEWED = np.random.default_rng(3).lognormal(size=40)


def test_the_bca_interval_agrees_with_scipy_up_to_the_widening_for_few_images():
    many = np.random.default_rng(5).exponential(size=600)
    found = mean_interval(many)
    theirs = stats.bootstrap((many,), np.mean, n_resamples=10_000, rng=np.random.default_rng(0)).confidence_interval
    assert found.low == pytest.approx(theirs.low, abs=0.05 * (theirs.high - theirs.low))
    assert found.high == pytest.approx(theirs.high, abs=0.05 * (theirs.high - theirs.low))


def test_bca_leans_to_the_side_of_the_long_tail():
    plain, leaning = (mean_interval(SKEWED, kind=kind) for kind in ("percentile", "bca"))
    assert leaning.high - leaning.value > 1.1 * (leaning.value - leaning.low)
    assert leaning.low > plain.low
    assert leaning.high > plain.high


def test_resampled_means_have_the_moments_of_all_resamples():
    scores = np.array([0.0, 1.0, 5.0])
    every = np.array([np.mean(pick) for pick in itertools.product(scores, repeat=3)])
    drawn = resampled(Units.of(scores), 20_000)[:, 0]
    assert drawn.mean() == pytest.approx(every.mean(), abs=0.03)
    assert drawn.std() == pytest.approx(every.std(), rel=0.02)


def test_the_draw_does_not_depend_on_the_size_of_blocks(monkeypatch):
    whole = resampled(Units.of(SKEWED), 50)
    monkeypatch.setattr("seewhy.stats.bootstrap._BLOCK", 400)
    assert np.allclose(resampled(Units.of(SKEWED), 50), whole)


def test_what_could_not_be_computed_is_dropped_and_counted_and_never_a_zero():
    ours, theirs = np.array([1.0, np.nan, *[3.0] * 6]), np.array([0.0, 1.0, np.nan, *[1.0] * 5])
    found = difference_interval(ours, theirs)
    assert (found.count, found.dropped) == (6, 2)
    assert found.value == pytest.approx((1 + 5 * 2) / 6)
    assert np.isnan(mean_interval([np.nan] * 9).value)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_few_images_have_a_mean_without_bounds(count):
    found = mean_interval(np.arange(count))
    assert not found.known
    assert (found.low, found.high) == (-np.inf, np.inf)


def test_differences_are_paired_so_what_the_images_share_cancels():
    rng = np.random.default_rng(0)
    shared, ours = rng.normal(size=60) * 10, rng.normal(size=60) * 0.1
    found = difference_interval(shared + ours + 1, shared)
    assert found.high - found.low < 0.1
    assert found.holds(1.0)


def test_copies_of_an_image_in_one_cluster_do_not_narrow_the_interval():
    scores = np.random.default_rng(1).normal(size=30)
    once, copied = mean_interval(scores), mean_interval(np.repeat(scores, 5), clusters=np.repeat(range(30), 5))
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high))
    assert (copied.count, copied.units) == (150, 30)
    naive = mean_interval(np.repeat(scores, 5))
    assert naive.high - naive.low < 0.6 * (once.high - once.low)


@pytest.mark.parametrize(
    ("draw", "truth", "images", "least"),
    [
        (lambda rng, n: rng.normal(size=n), 0.0, 20, 0.93),
        (lambda rng, n: rng.beta(0.5, 0.5, size=n), 0.5, 20, 0.93),
        (lambda rng, n: rng.exponential(size=n), 1.0, 60, 0.91),
    ],
    ids=["normal", "two peaks", "skewed"],
)  # fmt: skip
def test_the_interval_holds_the_mean_of_the_population(draw, truth, images, least):
    rng = np.random.default_rng(7)
    held = [mean_interval(draw(rng, images), resamples=1000, seed=seed).holds(truth) for seed in range(600)]
    assert least <= np.mean(held) <= 0.975


def test_the_interval_of_clustered_images_holds_where_the_plain_one_does_not():
    rng, held, plain = np.random.default_rng(11), [], []
    for seed in range(300):
        sizes = rng.integers(1, 8, size=25)
        names = np.repeat(range(25), sizes)
        scores = rng.normal(size=25)[names] + 0.5 * rng.normal(size=len(names))
        held.append(mean_interval(scores, clusters=names, resamples=2000, seed=seed).holds(0.0))
        plain.append(mean_interval(scores, resamples=500, seed=seed).holds(0.0))
    assert 0.90 <= np.mean(held) <= 0.975
    assert np.mean(plain) < 0.8


@pytest.mark.parametrize("scores", [np.zeros((2, 3)), [1.0, np.inf], 5.0])
def test_what_is_no_list_of_numbers_is_refused(scores):
    with pytest.raises(BadScores):
        mean_interval(scores)


def test_scores_that_cannot_be_paired_are_refused():
    with pytest.raises(BadScores, match="paired"):
        difference_interval([1.0, 2.0], [1.0])
    with pytest.raises(BadScores, match="2 clusters"):
        mean_interval([1.0] * 3, clusters=["a", "b"])
