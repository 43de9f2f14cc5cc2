"""Confidence sequences keep their promise at all looks, where intervals for one look do not."""

import math

import numpy as np
import pytest

from seewhy.errors import BadScores
from seewhy.stats.quantiles import z_quantile
from seewhy.stats.sequence import anytime, bounded_mean, running_mean

RUNS, LENGTH = 400, 600


def test_the_factor_is_that_of_the_normal_mixture_written_out():
    alpha, count, tuned = 0.05, 80, 200
    told = -2 * math.log(alpha)
    rho2 = (told + math.log(told + 1)) / tuned
    expected = math.sqrt(2 * (count * rho2 + 1) / (count**2 * rho2) * math.log(math.sqrt(count * rho2 + 1) / alpha))
    assert anytime(z_quantile(), count, tuned=tuned) == pytest.approx(expected * math.sqrt(count))


def test_the_boundary_is_the_one_at_which_a_mixture_of_bets_has_multiplied_by_twenty():
    """For a Gaussian sum s of n steps the mean of exp(m s - m^2 n / 2) over m of variance rho2, by quadrature."""
    told, count, tuned = -2 * math.log(0.05), 50, 50
    rho2 = (told + math.log(told + 1)) / tuned
    total = float(anytime(z_quantile(), count, tuned=tuned)) * math.sqrt(count)
    m = np.linspace(-12, 12, 20_001) * math.sqrt(rho2)
    density = np.exp(-(m**2) / (2 * rho2)) / math.sqrt(2 * math.pi * rho2)
    wealth = np.trapezoid(np.exp(m * total - m**2 * count / 2) * density, m)
    assert wealth == pytest.approx(20, rel=1e-3)


def test_a_wide_factor_stays_a_number_and_grows_with_what_it_was():
    found = anytime(np.array([1.0, 2.0, 10.0, 29.9, 30.1, 500.0]), 100, tuned=100)
    assert np.isfinite(found).all()
    assert (np.diff(found) > 0).all()
    assert 500 < found[-1] < 501


@pytest.mark.parametrize(("draw", "least"), [("normal", 0.95), ("exponential", 0.91)])
def test_stopping_when_it_looks_significant_fools_an_interval_and_not_a_sequence(draw, least):
    rng, fooled, held = np.random.default_rng(2), [], []
    for _ in range(RUNS):
        units = getattr(rng, draw)(size=LENGTH) - (draw == "exponential")
        found = running_mean(units)
        stderr = (found.high - found.mean) / anytime(z_quantile(), np.arange(1, LENGTH + 1), tuned=100)
        fooled.append((np.abs(found.mean) > z_quantile() * stderr).any())
        held.append(((found.low <= 0) & (found.high >= 0)).all())
    assert np.mean(fooled) > 0.25
    assert np.mean(held) >= least


def test_the_running_mean_has_no_bounds_before_there_are_enough_units():
    found = running_mean(np.random.default_rng(0).normal(size=40))
    assert np.isinf(found.low[:29]).all()
    assert np.isfinite(found.low[29:]).all()


def test_a_bounded_sequence_holds_from_the_first_unit_on_and_becomes_narrow():
    rng, held = np.random.default_rng(3), []
    for _ in range(RUNS):
        found = bounded_mean(rng.random(LENGTH) < 0.1)
        held.append(((found.low <= 0.1) & (found.high >= 0.1)).all())
    assert np.mean(held) >= 0.95
    assert found.high[-1] - found.low[-1] < 0.15
    assert found.low.min() >= 0


def test_numbers_out_of_range_are_refused():
    with pytest.raises(BadScores, match="between 0 and 1"):
        bounded_mean([0.5, 1.5])
    with pytest.raises(BadScores, match="finite"):
        running_mean([0.5, math.nan])
