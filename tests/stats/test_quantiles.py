"""Quantiles and tails against scipy's."""

import math

import pytest
from scipy import stats

from seewhy.stats.quantiles import beta_below, beta_quantile, t_quantile, t_tail, z_quantile

FAR = 1 - 0.05 / 150_528  # Bonferroni over the channels of a photo


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95, 0.999, FAR])
@pytest.mark.parametrize("freedom", [1, 2, 5, 31, 1000, 99_999])
def test_quantiles_and_tails_are_those_of_student(freedom, level):
    expected = stats.t.isf((1 - level) / 2, freedom)
    assert t_quantile(freedom, level) == pytest.approx(expected, rel=1e-8)
    assert t_tail(expected, freedom) == pytest.approx(1 - level, rel=1e-8)


def test_many_degrees_of_freedom_are_the_normal_distribution():
    assert t_quantile(10**7) == z_quantile() == pytest.approx(1.959964, abs=1e-6)
    assert t_tail(1.959964, 10**7) == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize(("a", "b"), [(1, 5), (0.5, 0.5), (3, 500), (500, 3), (2000, 2000)])
@pytest.mark.parametrize("share", [0.025, 0.5, 0.975])
def test_the_beta_distribution_is_turned_round(a, b, share):
    place = beta_quantile(share, a, b)
    assert place == pytest.approx(stats.beta.ppf(share, a, b), rel=1e-9)
    assert beta_below(place, a, b) == pytest.approx(share, rel=1e-9)


def test_not_a_number_stays_one():
    assert math.isnan(t_tail(math.nan, 5))
