"""A clip as a person gives it, and what a model is shown of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..domain.check import Check
from ..domain.footage import Footage
from ..domain.geometry import Geometry, Size
from ..domain.picture import Picture
from ..errors import BadOption, UnknownPreprocessing
from .pace import Indices, Pace, Sampling, on_screen
from .preprocess import Preprocess
from .resize import PLACES, Place
from .sample import Sample
from .shots import shot_spans
from .still_frames import AnimatedImage, footage_of_frames
from .video_file import SUFFIXES, VideoFile
from .views import Views


@dataclass(frozen=True, eq=False)
class Clip:
    """A video, or frames, and how the model shall look at it; what is left out is as the model wants it."""

    of: Any  # a path, an array or tensor of frames, a list of images
    frames: int | None = None
    sampling: Sampling | None = None
    size: int | Size | None = None  # of the model's frames
    stride: int | None = None  # frames of the original from one to the next, of dense sampling
    rate: float | None = None  # or frames per second
    times: Sequence[float] | None = None  # moments, in place of sampling
    start: float = 0.0  # only this stretch of it
    end: float | None = None
    crop: Place = "centre"  # along the side that is cropped
    fps: float | None = None  # of frames that come without times
    seed: int = 0  # of random sampling
    called: str | None = None  # its name, where it is not that of the whole

    def __post_init__(self) -> None:
        if self.crop not in PLACES:
            raise BadOption(f"A clip cannot be cropped at {self.crop!r}.", fix=f"use one of {', '.join(PLACES)}.")
        chosen = [name for name in ("frames", "sampling", "stride", "rate") if getattr(self, name) is not None]
        if self.times is not None and chosen:
            raise BadOption(f"times and {' and '.join(chosen)} both choose the frames.", fix="give only one of them.")
        if self.stride is not None and self.rate is not None:
            raise BadOption("stride and rate both set the step between frames.", fix="give only one of them.")

    @property
    def name(self) -> str:
        """What a person knows it by."""
        if self.called is not None:
            return self.called
        if isinstance(self.of, Footage):
            return self.of.name
        return Path(self.of).name if isinstance(self.of, str | Path) else "clip"

    def footage(self) -> Footage:
        """The original frames."""
        if isinstance(self.of, Footage):
            return self.of
        if isinstance(self.of, str | Path):
            path = Path(self.of)
            return VideoFile(path) if path.suffix.lower() != ".gif" else AnimatedImage(path)
        return footage_of_frames(self.of, name=self.name, fps=self.fps)

    def views(self, clips: int = 1, crops: int = 1) -> list[Clip]:
        """The looks that a model averages in use: equal stretches of the time, each cropped in one or three places."""
        places = self.places(Views(clips, crops))
        return [replace(stretch, crop=place) for stretch in self.stretches(clips) for place in places]

    def stretches(self, count: int) -> list[Clip]:
        """Clips that are equal stretches of its time."""
        if count > 1 and self.times is not None:
            problem = f"times choose the frames, so there are no {count} stretches of time to choose from."
            raise BadOption(problem, fix="leave times out, or give one clip.")
        whole = replace(self, of=self.footage())
        edges = np.linspace(*whole.stretch(whole.of), count + 1)
        return [replace(whole, start=float(begin), end=float(until)) for begin, until in pairwise(edges)]

    def places(self, views: Views) -> tuple[Place, ...]:
        """Where each stretch is cropped."""
        return PLACES if views.crops == 3 else (self.crop,)

    def shots(self, *, contrast: float = 4.0, least: float = 0.05) -> list[Clip]:
        """A clip for each shot, so that a long film has an explanation for each; the film is read once, frame by frame.

        See `seewhy.Shots` for the two numbers. Frames are not kept: each clip reads its own when it is explained.
        """
        whole = replace(self, of=self.footage())
        found = shot_spans(whole.of, *whole.stretch(whole.of), contrast=contrast, least=least)
        return [
            replace(whole, start=begin, end=end, called=f"{self.name}, shot {i} of {len(found)}")
            for i, (begin, end) in enumerate(found, start=1)
        ]

    def stretch(self, footage: Footage) -> tuple[float, float]:
        """Its beginning and end, inside the footage."""
        end = footage.end if self.end is None else self.end
        if not 0 <= self.start < end <= footage.end + 1e-6:
            raise BadOption(
                f"From {self.start:g} to {end:g} {footage.unit} is no stretch of {footage.name!r},"
                f" which lasts {footage.end:.4g} {footage.unit}.",
                fix="give a start and an end inside it.",
            )
        return self.start, end

    def pace(self, preprocess: Preprocess) -> Pace:
        """What was asked for, then what the model wants."""
        asked = {name: getattr(self, name) for name in ("frames", "sampling", "stride", "rate")}
        pace = preprocess.pace or Pace()
        if self.stride is not None:
            pace = replace(pace, rate=None)
        return replace(pace, **{name: value for name, value in asked.items() if value is not None})

    def know_frames(self, preprocess: Preprocess) -> None:
        """Refuse to guess how many frames a model wants."""
        if preprocess.pace is None and self.frames is None and self.times is None:
            raise UnknownPreprocessing(
                f"{self.name!r} is a clip, and the model's preprocessing says nothing of frames: is it one for images?",
                fix="say how many with seewhy.Clip(..., frames=16) or Preprocess.of(..., pace=seewhy.Pace(16)).",
            )

    def chosen(self, footage: Footage, preprocess: Preprocess) -> tuple[Indices, str]:
        """The frames that the model is shown, and how they were chosen, in words."""
        start, end = self.stretch(footage)
        if self.times is None:
            pace = self.pace(preprocess)
            return pace.choose(footage.times, start, end, seed=self.seed), pace.describe()
        moments = list(self.times)
        if not moments or moments != sorted(moments) or not 0 <= moments[0] <= moments[-1] < footage.end:
            raise BadOption(
                f"The times {moments[:8]} are not ascending moments from 0 to before {footage.end:.4g} {footage.unit}.",
                fix="give moments of the clip, the earliest first.",
            )
        return np.array([on_screen(footage.times, at) for at in moments]), f"{len(moments)} frames, at given times"


def is_clip(thing: object, preprocess: Preprocess) -> bool:
    """Whether this is a clip for such a model: a GIF is one only where the model wants clips."""
    if isinstance(thing, str | Path):
        suffix = Path(thing).suffix.lower()
        return suffix in SUFFIXES or (suffix == ".gif" and preprocess.pace is not None)
    return isinstance(thing, Clip | Footage)


def clip_sample(clip: Clip, preprocess: Preprocess, *, name: str | None = None) -> Sample:
    """What the model is shown of a clip, and where and when it lies in the original."""
    return _cropped(clip, preprocess, (clip.crop,), name)[0]


def view_samples(clip: Clip, preprocess: Preprocess, views: Views, *, name: str | None = None) -> list[Sample]:
    """The same for each view: stretch by stretch, and in each crop by crop, from frames that are read once."""
    places = clip.places(views)
    return [one for stretch in clip.stretches(views.clips) for one in _cropped(stretch, preprocess, places, name)]


def _cropped(clip: Clip, preprocess: Preprocess, places: Sequence[Place], name: str | None) -> list[Sample]:
    """The frames of the model, made one after the other, cropped at each of these places."""
    clip.know_frames(preprocess)
    footage = clip.footage()
    if clip.size is not None:
        size = (clip.size, clip.size) if isinstance(clip.size, int) else clip.size
        preprocess = replace(preprocess, resize="cover", size=size, crop=size, any_range=False)
    shown, how = clip.chosen(footage, preprocess)
    timeline = footage.timeline(shown.tolist())
    numbers, position = np.unique(shown, return_inverse=True)
    still = int(shown[timeline.middle])
    made: list[list[tuple[torch.Tensor, Geometry]]] = []
    for number, pixels in zip(numbers, footage.frames(numbers.tolist()), strict=True):
        made.append([preprocess(Picture(pixels), place=place) for place in places])
        if number == still:
            drawn = pixels
    notes = (*footage.notes, _told(how, footage, shown))
    picture = Picture(drawn, name=name or clip.name, turned=footage.turned, notes=notes)
    samples = []
    for frames in zip(*made, strict=True):
        whole = torch.stack([frames[i][0] for i in position], dim=1)
        samples.append(Sample(picture, whole, replace(frames[0][1], time=timeline), footage, _too_few(clip, shown)))
    return samples


def _told(how: str, footage: Footage, shown: Indices) -> str:
    unit = f" {footage.unit}" if footage.unit == "s" else ""
    span = f"from {footage.times[shown[0]]:.4g} to {footage.times[shown[-1]]:.4g}{unit}"
    return f"{how}, {span} of {footage.end:.4g} {footage.unit}"


def _too_few(clip: Clip, shown: Indices) -> tuple[Check, ...]:
    """A doubt where the model is shown frames repeatedly and nobody asked for that."""
    seen = len(np.unique(shown))
    if seen == len(shown) or clip.times is not None:
        return ()
    words = f"There are fewer frames here than the model is shown: {seen} of {len(shown)} differ, the rest is repeated."
    return (Check("frames", "warning", words, float(seen)),)
