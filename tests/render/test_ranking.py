"""Which moments of a clip come first, and how a clip stands still."""

from dataclasses import replace

import numpy as np
import pytest

import seewhy
from inputs.little_videos import moving_square
from run.clip_networks import Event
from seewhy import Clip, Pace, Preprocess
from seewhy.errors import BadOption
from seewhy.render.moment import still_frame
from seewhy.render.ranking import when
from seewhy.render.text import for_and_against

WANTS = replace(Preprocess.of(size=16, crop_pct=1.0, mean=0.0, std=1.0), pace=Pace(8))
SPANS = [(i / 8, (i + 1) / 8) for i in range(8)]


@pytest.fixture(scope="module")
def found():
    """Of a clip of one second that the model sees whole; frames 4 to 7 are dark, so there is a cut."""
    frames = np.full((8, 32, 32, 3), 200, np.uint8)
    frames[4:] = 25
    return seewhy.explain(Event(), Clip(frames, fps=8), method="saliency", target=1, preprocess=WANTS, checks="quick")


def with_cells(found, *values, band=None):
    cells = np.array(values, np.float32)[:, None, None]
    return replace(found, values=cells, signed=True, band=None if band is None else np.full_like(cells, band))


def test_frames_are_as_fine_as_the_map_and_the_strongest_comes_first(found):
    ranked = with_cells(found, 1, 4, -2, 0, 3, 0, 0, 0).moments()
    assert [(one.begin, one.end) for one in ranked[:3]] == [SPANS[1], SPANS[4], SPANS[0]]
    assert (ranked[-1].opposes, ranked[-1].value) == (2, -2)
    coarse = with_cells(found, 1, 4, 0, 0).moments()
    assert (coarse[0].begin, coarse[0].end) == (0.25, 0.5)


def test_segments_add_up_what_lies_in_them_and_share_a_cell_by_its_time(found):
    first, second, third = with_cells(found, 3, 6, band=1).moments("segments", count=3)
    # Two cells of 4 frames each; segments of 3, 3 and 2 frames: 3 x 3, 1 x 3 + 2 x 6, and 2 x 6.
    assert [one.supports for one in (first, second, third)] == [15, 12, 9]
    assert [one.band for one in (first, second, third)] == [3, 2, 3]
    assert (first.begin, first.end) == (3 / 8, 6 / 8)


def test_shots_end_where_the_frames_change_for_good(found):
    twice = with_cells(found, 1, 0, 0, 0, 0, 5, 0, 0)
    assert [(one.begin, one.end, one.supports) for one in twice.moments("shots")] == [(0.5, 1.0, 5), (0.0, 0.5, 1)]
    assert any(line.startswith("2 shots: 0.50 to 1.00 s 83%") for line in when(twice))


def test_what_is_no_kind_of_moment_is_refused(found):
    with pytest.raises(BadOption, match="hours"):
        found.moments("hours")


def test_a_map_of_moments_names_moments_and_no_places(found):
    map_of_time = with_cells(found, 1, 4, -2, 0, 3, 0, 0, 0)
    speaks_for, against = for_and_against(map_of_time)
    assert speaks_for[0] == "0.12 to 0.25 s: 50% of the evidence for it"
    assert against == ["0.25 to 0.38 s: 100% of the evidence against it"]
    assert "no places" in map_of_time.summary()
    assert "ninth" not in map_of_time.summary()


def test_a_map_of_moments_colours_the_rim_and_covers_nothing(found):
    map_of_time = with_cells(found, 0, 0, 0, 0, 0, 1, 0, 0)
    bare = np.asarray(map_of_time.overlay(view="photo", legend=False))
    drawn = np.asarray(map_of_time.overlay(legend=False))
    assert (drawn[40:-40, 40:-40] == bare[40:-40, 40:-40]).all()
    assert (drawn[:10] != bare[:10]).any(axis=2).all()


def test_a_clip_stands_still_at_the_moment_with_most_for_the_target(found):
    assert still_frame(with_cells(found, 1, 0, 0, -9, 0, 0, 2, 0)) == 6
    assert still_frame(with_cells(found, 0, 0, 0, -9, 0, 0, 0, 0)) == 3


def test_a_part_of_a_clip_is_named_by_its_time_and_place(found):
    cuboids = seewhy.explain(
        Event(2), Clip(moving_square(8, (32, 32), 10), fps=8), method="region-ablation", regions="cuboids:4,2,2",
        target=1, preprocess=WANTS, checks="quick", baseline="black",
    )  # fmt: skip
    speaks_for, _ = for_and_against(cuboids)
    assert all("0.25 to 0.50 s (6% of the clip)" in line for line in speaks_for)
    assert all("right" in line for line in speaks_for)
