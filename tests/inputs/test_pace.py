"""Which frames of a clip a model is shown."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.errors import BadOption
from seewhy.inputs.pace import Pace

EVEN = np.arange(100) / 25  # four seconds


def test_uniform_takes_the_frames_on_screen_in_the_middle_of_equal_stretches():
    assert Pace(4).choose(EVEN, 0, 4).tolist() == [12, 37, 62, 87]
    assert Pace(2).choose(EVEN, 1, 3).tolist() == [37, 62]


def test_uniform_is_even_in_time_where_the_rate_varies():
    times = np.concatenate([np.arange(10) * 0.1, 1 + np.arange(3)])  # 10 frames in the first second, 3 in the next 3
    assert Pace(8).choose(times, 0, 4).tolist() == [2, 7, 10, 10, 11, 11, 12, 12]


def test_dense_lies_around_the_middle_and_repeats_the_ends_of_a_short_clip():
    assert Pace(4, "dense", stride=2).choose(EVEN, 0, 4).tolist() == [46, 48, 50, 52]
    assert Pace(6, "dense").choose(EVEN[:4], 0, 0.16).tolist() == [0, 1, 2, 3, 3, 3]


def test_dense_at_a_rate_steps_in_time():
    assert Pace(5, "dense", rate=12.5).choose(EVEN, 0, 4).tolist() == [46, 48, 50, 52, 54]
    twice = Pace(5, "dense", rate=50).choose(EVEN, 0, 4)
    assert twice.tolist() == [49, 49, 50, 50, 51]


def test_segments_take_the_middle_frame_of_runs_of_frames():
    assert Pace(4, "segments").choose(EVEN, 0, 4).tolist() == [12, 37, 62, 87]
    times = np.concatenate([np.arange(10) * 0.1, 1 + np.arange(3)])
    assert Pace(3, "segments").choose(times, 0, 4).tolist() == [2, 6, 10]


def test_random_draws_one_frame_of_each_segment_and_the_seed_decides_which():
    draws = np.array([Pace(4, "random").choose(EVEN, 0, 4, seed=seed) for seed in range(200)])
    assert all((column // 25 == i).all() for i, column in enumerate(draws.T))
    assert len(set(draws[:, 0].tolist())) > 20
    assert np.array_equal(draws[7], Pace(4, "random").choose(EVEN, 0, 4, seed=7))


@given(
    st.lists(st.floats(0.01, 2), min_size=1, max_size=30),
    st.integers(1, 40),
    st.sampled_from(["uniform", "dense", "segments", "random"]),
    st.sampled_from([None, 3.0, 30.0]),
)
def test_any_clip_gives_the_frames_that_were_asked_for_in_order(steps, count, sampling, rate):
    edges = np.concatenate([[0.0], np.cumsum(steps)])
    found = Pace(count, sampling, rate=rate).choose(edges[:-1], 0.0, float(edges[-1]))
    assert len(found) == count
    assert (np.diff(found) >= 0).all()
    assert found.min() >= 0
    assert found.max() < len(steps)


@pytest.mark.parametrize(
    "wrong", [{"frames": 0}, {"stride": 0}, {"rate": 0.0}, {"sampling": "evenly"}], ids=lambda wrong: next(iter(wrong))
)
def test_a_pace_that_chooses_no_frames_is_refused(wrong):
    with pytest.raises(BadOption):
        Pace(**wrong)
