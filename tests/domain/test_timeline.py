"""The time axis: which frame the model saw when, and how maps travel along it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.domain.geometry import Geometry
from seewhy.domain.timeline import Timeline

# Six model frames of a clip of ten whose rate changes: 0.1 s each, then 0.5 s each.
TIMES = [0.0, 0.1, 0.2, 0.3, 0.4, 0.9, 1.4, 1.9, 2.4, 2.9, 3.4]
SHOWN = (1, 2, 4, 5, 7, 9)
TIMELINE = Timeline(SHOWN, tuple(TIMES[i] for i in SHOWN), tuple(TIMES[i + 1] for i in SHOWN), 10, (0.0, 3.4))


def test_frames_that_were_never_seen_are_marked():
    assert np.flatnonzero(~TIMELINE.seen_mask()).tolist() == [0, 3, 6, 8]
    assert [TIMELINE.model_frame(i) for i in range(10)] == [None, 0, 1, None, 2, 3, None, 4, None, 5]


def test_a_cell_of_a_map_covers_the_frames_that_it_looks_at():
    assert TIMELINE.footprints(3) == [(0.1, 0.3), (0.4, 1.4), (1.9, 3.4)]
    assert TIMELINE.footprints(1) == [(0.1, 3.4)]
    assert TIMELINE.footprints(6) == list(zip(TIMELINE.begins, TIMELINE.ends, strict=True))


def test_neighbours_share_the_frame_that_their_border_falls_into_but_parts_do_not():
    assert TIMELINE.footprints(4) == [(0.1, 0.3), (0.2, 0.9), (0.9, 2.4), (1.9, 3.4)]
    assert TIMELINE.footprints(4, blocky=True) == [(0.1, 0.3), (0.4, 0.9), (0.9, 2.4), (2.9, 3.4)]


@given(st.integers(1, 40), st.integers(1, 40))
def test_parts_on_frames_are_where_the_regions_put_them(length, cells):
    cells = min(cells, length)
    expected = [i * cells // length for i in range(length)]  # as regions divide an axis
    values = np.arange(cells, dtype=float)[:, None, None]
    found = Timeline.identity(length).on_frames(values, blocky=True)[:, 0, 0]
    assert found.tolist() == expected


@given(st.integers(0, 7), st.sampled_from([2, 4, 8]))
def test_a_planted_cell_comes_back_at_its_time_off_by_at_most_half_the_stride(cell, stride):
    values = np.zeros((8, 1, 1))
    values[cell] = 1
    curve = Timeline.identity(8 * stride).on_frames(values)[:, 0, 0]
    centre = (np.arange(8 * stride) + 0.5) @ curve / curve.sum()
    assert abs(centre - (cell + 0.5) * stride) <= stride / 2
    assert cell * stride <= curve.argmax() < (cell + 1) * stride


def test_a_shifted_map_gives_a_shifted_curve():
    values = np.random.default_rng(0).normal(size=(8, 2, 3))
    whole = Timeline.identity(24).on_frames(values)
    moved = Timeline.identity(24).on_frames(np.roll(values, 1, axis=0))
    assert np.allclose(moved[6:-3], whole[3:-6])


def test_moments_and_positions_are_inverse_where_the_model_looked():
    for position in np.linspace(0, 5.99, 60):
        assert TIMELINE.to_position(TIMELINE.to_seconds(position)) == pytest.approx(position)
    assert np.isnan(TIMELINE.to_position(0.35))
    assert np.isnan(TIMELINE.to_position(5.0))


def test_a_map_comes_back_on_each_frame_as_it_does_on_that_frame_alone():
    geometry = replace(Geometry.identity((8, 12)).resized((6, 6)).cropped(1, 1, 4, 4), time=TIMELINE)
    values = np.random.default_rng(0).normal(size=(3, 2, 2))
    whole = geometry.to_original(values)
    assert whole.shape == (6, 8, 12)
    for frame in range(6):
        assert np.array_equal(geometry.to_original(values, frame=frame), whole[frame], equal_nan=True)
    space_only = replace(geometry, time=None)
    expected = np.stack([space_only.to_original(m) for m in TIMELINE.on_frames(values)])
    assert np.allclose(whole, expected, equal_nan=True)


def test_masks_drawn_on_the_frames_become_masks_of_the_models_frames():
    geometry = replace(Geometry.identity((8, 8)).resized((4, 4)), time=TIMELINE)
    labels = np.arange(6)[:, None, None] * np.ones((1, 8, 8), int)
    assert np.array_equal(geometry.to_model(labels), np.arange(6)[:, None, None] * np.ones((1, 4, 4), int))
    with pytest.raises(ValueError, match="the clip has 6x8x8 pixels"):
        geometry.to_model(labels[:5])


def test_the_time_axis_survives_json_and_photos_have_none():
    geometry = replace(Geometry.identity((8, 8)), time=TIMELINE)
    assert Geometry.from_json(geometry.to_json()) == geometry
    assert "time" not in Geometry.identity((8, 8)).to_json()
