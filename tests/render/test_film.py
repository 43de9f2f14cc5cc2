"""Films and filmstrips: what is drawn on which frame, on one scale, and when it is shown."""

from dataclasses import replace

import numpy as np
import pytest

import seewhy
from inputs.little_videos import moving_square
from run.clip_networks import Event
from seewhy import Clip, Pace, Preprocess
from seewhy.errors import BadOption
from seewhy.render.film import scale_over_time
from seewhy.render.filmstrip import key_frames
from seewhy.render.moment import curve
from seewhy.render.view import AGAINST, FOR

FRAMES = moving_square(24, (96, 96), 24)
WANTS = replace(Preprocess.of(size=32, crop_pct=1.0, mean=0.0, std=1.0), pace=Pace(8))


@pytest.fixture(scope="module")
def event():
    """All the evidence lies on the sixth of the eight frames that the model saw."""
    clip = Clip(FRAMES, fps=12)
    return seewhy.explain(Event(), clip, method="input-x-gradient", target=1, preprocess=WANTS, checks="quick")


def test_frames_are_shown_from_when_they_appear_until_the_next_one_that_was_seen(event):
    shots = list(event.film(longest=96))
    assert [round(shot.begin * 12) for shot in shots] == [1, 4, 7, 10, 13, 16, 19, 22]
    assert [shot.end for shot in shots[:-1]] == [shot.begin for shot in shots[1:]]
    assert shots[-1].end == pytest.approx(23 / 12)
    assert len({shot.pixels.shape for shot in shots}) == 1


def test_only_the_frame_with_the_evidence_is_coloured_for_all_share_one_scale(event):
    bare = list(event.film(view="photo"))
    drawn = list(event.film(view="map"))
    side = 448

    def colours(shot):
        return float(np.ptp(shot.pixels[:side, :side].astype(int), axis=2).max())

    assert [i for i, shot in enumerate(drawn) if colours(shot) > 60] == [5]
    assert all(colours(shot) > 100 for shot in bare)  # the red square itself


def test_frames_that_were_never_seen_are_grey_and_say_so(event):
    every = list(event.film(every=True, longest=96))
    assert len(every) == 24
    assert sum(shot.end - shot.begin for shot in every) == pytest.approx(2.0)
    for number, shot in enumerate(every):
        grey = np.ptp(shot.pixels[:96].astype(int), axis=2).max() == 0
        assert grey == (number not in event.geometry.time.shown)


def test_a_frame_that_the_model_saw_twice_shares_its_time(event):
    short = Clip(FRAMES[:4], fps=1)
    found = seewhy.explain(Event(), short, method="saliency", target=1, preprocess=WANTS, checks="quick")
    assert found.geometry.time.shown == (0, 0, 1, 1, 2, 2, 3, 3)
    assert [shot.begin for shot in found.film(longest=96)] == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]


def test_the_curve_has_the_resolution_of_the_map_and_nothing_is_interpolated(event):
    coarse = replace(event, values=np.array([1, -2, 3, 0], np.float32)[:, None, None] * np.ones((1, 2, 2), np.float32))
    stretches = curve(coarse)
    assert [(s.supports, s.opposes) for s in stretches] == [(1, 0), (0, 2), (3, 0), (0, 0)]
    assert [round(s.begin * 12) for s in stretches] == [1, 7, 13, 19]
    assert [round(s.end * 12) for s in stretches] == [5, 11, 17, 23]


def test_the_strip_shows_the_curve_as_steps_at_the_times_of_their_cells(event):
    values = np.zeros((8, 2, 2), np.float32)
    values[2], values[6] = 1, -1
    shot = next(replace(event, values=values).film())
    strip = shot.pixels[448 : 448 + 70]
    for colour, frame in ((FOR, 7), (AGAINST, 19)):
        columns = np.flatnonzero((strip == colour).all(axis=2).any(axis=0))
        begin, end = (10 + (448 - 20) * frame / 24, 10 + (448 - 20) * (frame + 1) / 24)
        assert columns.min() == pytest.approx(begin, abs=1.5)
        assert columns.max() == pytest.approx(end - 1, abs=1.5)


def test_the_scale_over_time_is_that_of_the_strongest_frame(event):
    assert scale_over_time(event, "map") == pytest.approx(float(np.abs(event.values).max()), rel=0.1)
    assert len(list(event.film(scale=3.0, longest=96))) == 8
    with pytest.raises(BadOption):
        event.film(scale=-1.0)
    with pytest.raises(BadOption):
        event.film(view="heet")


def test_key_frames_are_the_strongest_of_equal_runs(event):
    values = np.zeros((8, 2, 2), np.float32)
    values[1], values[2], values[6], values[7] = 1, -3, 2, 1
    found = replace(event, values=values)
    assert key_frames(found, 2) == [2, 6]
    assert key_frames(found, 4)[:2] == [1, 2]
    assert key_frames(found, 99) == list(range(8))


def test_a_filmstrip_holds_its_frames_side_by_side(event):
    strip = np.asarray(event.filmstrip(view="photo", count=4))
    assert strip.shape[1] == 4 * 224 + 3 * 8
    chosen = key_frames(event, 4)
    for place, frame in enumerate(chosen):
        tile = strip[:224, place * 232 : place * 232 + 224]
        red = (tile.astype(int)[..., 0] - tile[..., 1] > 120).any(axis=0)
        original = FRAMES[event.geometry.time.shown[frame]].astype(int)
        expected = (original[..., 0] - original[..., 1] > 120).any(axis=0)
        assert np.flatnonzero(red).mean() / 224 == pytest.approx(np.flatnonzero(expected).mean() / 96, abs=0.02)
    with pytest.raises(BadOption):
        event.filmstrip(count=0)


def test_the_still_picture_of_a_clip_is_its_middle_frame_with_that_frames_map(event):
    values = np.zeros((8, 2, 2), np.float32)
    values[4] = 1
    still = np.asarray(replace(event, values=values).overlay(view="map", legend=False)).astype(int)
    assert np.ptp(still, axis=2).min() > 60  # coloured everywhere
