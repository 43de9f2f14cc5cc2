"""Standard errors, bands and quantiles."""

import math

import pytest
import torch
from scipy import stats

from seewhy.engine.estimate import Estimate, max_t, of_mean
from seewhy.stats.bands import bonferroni


def test_bonferroni_widens_with_the_number_of_parts():
    assert bonferroni(1, 100) == pytest.approx(stats.t.ppf(0.975, 100), rel=1e-3)
    assert bonferroni(50, 1000) == pytest.approx(stats.t.ppf(1 - 0.025 / 50, 1000), rel=1e-3)


def test_the_error_of_a_plain_mean_is_the_usual_one():
    draws = torch.randn(40, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = of_mean(draws, seed=0)
    assert torch.allclose(found.stderr, draws.std(dim=0) / 40**0.5)


def test_the_band_is_wider_for_independent_parts_than_for_copies_of_one():
    generator = torch.Generator().manual_seed(0)
    many = torch.randn(200, 20, generator=generator)
    same = many[:, :1].expand(200, 20)
    wide, narrow = (max_t(s, s.square().sum(dim=0).sqrt(), seed=0, freedom=199) for s in (many, same))
    assert narrow == pytest.approx(1.96, rel=0.08)
    assert wide == pytest.approx(bonferroni(20, 199), rel=0.08)


def test_the_halfwidth_is_a_share_of_the_range_of_the_map():
    values, error = torch.tensor([0.0, 4.0]), torch.tensor([0.1, 0.2])
    assert Estimate(values, error, error * 2).halfwidth == pytest.approx(0.1)
    assert Estimate(values * 0, error, error).halfwidth == math.inf
    assert Estimate(values * 0, error * 0, error * 0).halfwidth == 0
