"""Long films: sampled by seeking, cut into shots frame by frame, and never held as a whole."""

import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch

import seewhy
from inputs.little_videos import write
from seewhy import Clip, Pace, Preprocess
from seewhy.errors import BadOption
from seewhy.inputs.read import read_sample
from seewhy.inputs.still_frames import StillFrames, footage_of_frames
from seewhy.inputs.video_file import VideoFile

COLOURS = ((200, 30, 30), (30, 200, 30), (30, 30, 200), (200, 200, 40))
WANTS = replace(Preprocess.of(size=8, mean=0.0, std=1.0), pace=Pace(4))


def scenes(each, size=(24, 32), colours=COLOURS):
    """Shots of equal length, each of one colour, through all of which a white square goes."""
    frames = []
    for colour in colours:
        for i in range(each):
            frame = np.full((*size, 3), colour, np.uint8)
            frame[8:14, i % 24 : i % 24 + 6] = 255
            frames.append(frame)
    return frames


class Counted(StillFrames):
    """Frames of which it is known how many are held at once."""

    alive = most = given = 0
    digest = "of no file"

    def frames(self, wanted):
        for pixels in super().frames(wanted):
            fresh = pixels.copy()
            self.alive, self.given = self.alive + 1, self.given + 1
            self.most = max(self.most, self.alive)
            weakref.finalize(fresh, self._gone)
            yield fresh
            del fresh, pixels

    def _gone(self):
        self.alive -= 1


def counted(frames, fps=10):
    film = footage_of_frames(frames, name="film", fps=fps)
    film.__class__ = Counted
    return film


def test_each_shot_is_a_clip_of_its_own():
    found = Clip(scenes(15), fps=10).shots()
    assert [(shot.start, shot.end) for shot in found] == [(0.0, 1.5), (1.5, 3.0), (3.0, 4.5), (4.5, 6.0)]
    assert [shot.name for shot in found] == [f"clip, shot {i} of 4" for i in range(1, 5)]
    samples = [read_sample(shot, WANTS) for shot in found]
    for i, sample in enumerate(samples):
        assert all(15 * i <= number < 15 * (i + 1) for number in sample.geometry.time.shown)
        assert np.array_equal(sample.picture.pixels[0, 0], COLOURS[i])


def test_a_stretch_has_the_shots_that_lie_in_it_and_a_film_without_cuts_is_one():
    clip = Clip(scenes(15), fps=10, start=1.0, end=4.0)
    assert [(shot.start, shot.end) for shot in clip.shots()] == [(1.0, 1.5), (1.5, 3.0), (3.0, 4.0)]
    assert [(shot.start, shot.end) for shot in Clip(scenes(15)[:15], fps=10).shots()] == [(0.0, 1.5)]
    assert len(Clip(scenes(15)[:1], fps=10).shots()) == 1


def test_the_shots_of_a_film_are_found_and_explained_without_holding_it():
    film = counted(scenes(100))
    shots = Clip(film).shots()
    assert len(shots) == 4
    assert (film.given, film.alive) == (400, 0)
    assert film.most <= 2

    def redness(clips):
        return torch.stack([clips[:, 0].mean((1, 2, 3)), torch.zeros(len(clips))], dim=1)

    film.most = 0
    found = seewhy.explain(redness, shots, method="occlusion", target=0, window=4, stride=4, preprocess=WANTS)
    assert film.given == 400 + 4 * 4
    assert film.most <= 2 + 2 * len(shots)  # a still frame of each shot, and what is being read
    assert [one.times[0] // 10 for one in found] == [0, 1, 2, 3]
    assert found[0].target.score > found[2].target.score
    assert found[2].picture.name == "film, shot 3 of 4"


def test_a_strip_of_a_short_part_of_a_long_film_shows_that_part():
    film = Clip(counted(scenes(100)), start=20, end=21)
    time = read_sample(film, WANTS).geometry.time
    assert time.span == (0.0, 40.0)
    assert time.drawn == (time.begins[0], time.ends[-1])
    assert read_sample(Clip(counted(scenes(10))), WANTS).geometry.time.drawn == (0.0, 4.0)


def test_an_hour_is_sampled_by_seeking(tmp_path, monkeypatch):
    pytest.importorskip("av", reason="PyAV is not installed")
    frames = scenes(450, size=(16, 32))
    path = write(tmp_path / "long.mp4", frames, times=[2 * i for i in range(1800)], options={"g": "25", "crf": "20"})
    decoded = []
    real = VideoFile._next
    monkeypatch.setattr(VideoFile, "_next", lambda *asked: decoded.append(1) or real(*asked))
    sample = read_sample(path, replace(WANTS, pace=Pace(8)))
    assert sample.geometry.time.span[1] == pytest.approx(3600, abs=2)
    assert sample.geometry.time.shown == tuple(range(112, 1800, 225))
    assert len(decoded) <= 8 * 27 + 2  # from a key frame to the wanted one and the one after, each time
    for i, number in enumerate(sample.geometry.time.shown):
        assert np.allclose(next(sample.footage.frames([number]))[0, 0], COLOURS[i // 2], atol=12)


def test_what_is_no_threshold_is_refused():
    with pytest.raises(BadOption, match="contrast"):
        Clip(scenes(5)).shots(contrast=-1)
