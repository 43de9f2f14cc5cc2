"""Levels that enclose shares, and the lines along them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seewhy.render.level import area_level, lines, mass_levels


def enclosed_area(line: np.ndarray) -> float:
    x, y = line.T
    return abs(float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum())) / 2


def test_a_mass_level_holds_its_share_and_no_smaller_set_of_values_does():
    values = np.arange(1.0, 101.0)
    (level,) = mass_levels(values, [0.5])
    assert values[values >= level].sum() >= 0.5 * values.sum() > values[values > level].sum()


def test_an_area_level_is_measured_on_what_was_seen():
    heat = np.full(200, np.nan)
    heat[:100] = np.arange(100.0)
    assert (heat >= area_level(heat, 0.15)).sum() == pytest.approx(15, abs=1)


def test_a_map_without_positive_values_has_no_level_and_no_line():
    heat = -np.ones((5, 5))
    assert mass_levels(heat, [0.5]) == [area_level(heat, 0.15)] == [float("inf")]
    assert lines(heat, float("inf")) == []


def test_the_line_around_a_disc_is_one_closed_circle():
    y, x = np.indices((101, 101)) - 50
    found = lines(30.0 - np.hypot(x, y), 0.0)
    assert len(found) == 1
    assert found[0][0] == pytest.approx(found[0][-1])
    assert np.hypot(*(found[0] - 50).T) == pytest.approx(30, abs=0.1)


def test_a_region_at_the_border_is_closed_along_the_border():
    heat = np.zeros((10, 10))
    heat[:, :5] = 1.0
    (line,) = lines(heat, 0.5)
    assert line[0] == pytest.approx(line[-1])
    assert enclosed_area(line) == pytest.approx(50, rel=0.1)


def test_lines_do_not_run_into_what_was_not_seen():
    heat = np.full((12, 12), np.nan)
    heat[3:9, 3:9] = 1.0
    (line,) = lines(heat, 0.5)
    assert 2 <= line.min() <= line.max() <= 9


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_every_line_is_closed_on_any_field_also_at_saddles(seed):
    field = np.random.default_rng(seed).random((7, 9))
    for line in lines(field, 0.5):
        assert line[0] == pytest.approx(line[-1])
