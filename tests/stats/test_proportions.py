"""Shares of images: intervals and the paired test, against scipy's and by simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from seewhy.errors import BadScores
from seewhy.stats.proportions import exact, mcnemar, wilson

HITS = [(0, 10), (1, 10), (5, 10), (10, 10), (37, 200)]


def hits(found: int, count: int) -> list[float]:
    return [1.0] * found + [0.0] * (count - found)


@pytest.mark.parametrize(("found", "count"), HITS)
@pytest.mark.parametrize(("ours", "theirs"), [(wilson, "wilson"), (exact, "exact")])
def test_intervals_of_shares_are_scipys(found, count, ours, theirs):
    expected = stats.binomtest(found, count).proportion_ci(method=theirs)
    interval = ours(hits(found, count))
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert interval.value == found / count


def test_no_hit_at_all_is_no_proof_of_zero():
    assert wilson(hits(0, 20)).high > 0.15
    assert wilson(hits(20, 20)).low < 0.85


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
def test_shares_are_held_as_promised(share):
    """Every count of 40 images, weighted by its probability: no simulation."""
    weights = stats.binom.pmf(np.arange(41), 40, share)
    rates = {how: sum(w for k, w in enumerate(weights) if how(hits(k, 40)).holds(share)) for how in (wilson, exact)}
    assert rates[exact] >= 0.95
    assert 0.92 <= rates[wilson] <= 0.995


def test_mcnemar_looks_only_at_images_on_which_the_two_differ():
    ours, theirs = hits(9, 9) + hits(2, 2) + [0.0], hits(0, 9) + hits(2, 2) + [1.0]
    assert mcnemar(ours, theirs) == pytest.approx(stats.binomtest(1, 10).pvalue)
    assert mcnemar(ours, ours) == 1.0


def test_unknown_hits_are_dropped_and_counted():
    found = wilson([1, 0, math.nan, 1])
    assert (found.count, found.dropped, found.value) == (3, 1, pytest.approx(2 / 3))
    assert not wilson([math.nan]).known
    assert mcnemar([1, 1, math.nan], [0, 1, 0]) == 1.0


def test_what_is_neither_yes_nor_no_is_refused():
    with pytest.raises(BadScores, match="yes or no"):
        wilson([0.5])
    with pytest.raises(BadScores, match="paired"):
        mcnemar([1], [1, 0])
