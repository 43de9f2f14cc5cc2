"""Colour maps and scales."""

import numpy as np
import pytest

from seewhy.render.colour import STEPS, colourise, lightness, ramp, scale_of

ROUNDING = 0.004  # of lightness, by eight bits a channel


def test_the_sequential_map_gets_lighter_all_the_way():
    light = lightness(ramp("sequential"))
    assert (np.diff(light) > -ROUNDING).all()
    assert light[-1] - light[0] > 0.6
    assert np.diff(light[:: STEPS // 10]).min() > 0.03  # and evenly: no flat stretch that hides differences


def test_the_diverging_map_is_lightest_at_zero_and_equally_dark_at_both_ends():
    light = lightness(ramp("diverging"))
    middle = STEPS // 2
    assert (np.diff(light[: middle + 1]) > -ROUNDING).all()
    assert (np.diff(light[middle:]) < ROUNDING).all()
    assert np.abs(light - light[::-1]).max() < ROUNDING


def test_zero_is_a_neutral_colour_in_a_signed_map():
    red, green, blue, alpha = colourise(np.zeros((1, 1)), 1.0, True)[0, 0].tolist()
    assert max(red, green, blue) - min(red, green, blue) <= 1
    assert alpha == 255


def test_a_person_without_red_or_green_cones_can_tell_the_two_ends_apart():
    against, for_ = colourise(np.array([-1.0, 1.0]), 1.0, True)[:, :3].astype(int)
    assert against[2] - for_[2] > 100  # blue against yellow is the axis that deuteranopes and protanopes keep


def test_nan_is_transparent_and_not_zero():
    painted = colourise(np.array([np.nan, 0.0]), 1.0, True)
    assert painted[:, 3].tolist() == [0, 255]


def test_values_beyond_the_scale_get_the_colour_at_the_end():
    end, beyond = colourise(np.array([2.0, 50.0]), 2.0, False)
    assert end.tolist() == beyond.tolist() == [*ramp("sequential")[-1].tolist(), 255]


def test_one_scale_for_several_maps_is_that_of_all_their_values():
    weak, strong = np.full((10, 10), 0.1), np.full((10, 10), -5.0)
    assert scale_of(weak, strong) == pytest.approx(5.0)
    assert scale_of(weak) == pytest.approx(0.1)


def test_a_lone_outlier_does_not_bleach_the_map():
    heat = np.ones((100, 100))
    heat[0, 0] = 1e6
    assert scale_of(heat) == pytest.approx(1.0)


def test_what_was_not_seen_does_not_count_for_the_scale():
    heat = np.full((10, 10), np.nan)
    heat[0, 0] = -3.0
    assert scale_of(heat) == pytest.approx(3.0)
    assert scale_of(np.full((2, 2), np.nan)) == 0.0


def test_a_zero_map_has_scale_zero_and_can_be_coloured():
    heat = np.zeros((4, 4))
    assert scale_of(heat) == 0.0
    assert (colourise(heat, scale_of(heat), True) == colourise(heat, 1.0, True)).all()


def test_a_few_points_on_an_empty_map_still_have_a_scale():
    heat = np.zeros((100, 100))
    heat[3, 3] = 2.0
    assert scale_of(heat) == pytest.approx(2.0)
