"""How many frames of a clip a model sees, and which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import BadOption

Sampling = Literal["uniform", "dense", "segments", "random"]
Indices = NDArray[np.intp]
Moments = NDArray[np.floating]
USUAL = 16  # frames, where nothing says how many


@dataclass(frozen=True)
class Pace:
    """Which frames of a clip a model is shown.

    uniform: at even moments of the time; dense: one after the other around the middle, every `stride` frames or
    `rate` times a second; segments: the middle frame of equal runs of frames (TSN); random: a random frame of each.
    """

    frames: int = USUAL
    sampling: Sampling = "uniform"
    stride: int = 1
    rate: float | None = None  # frames per second, in place of the stride

    def __post_init__(self) -> None:
        if self.sampling not in get_args(Sampling):
            options = ", ".join(get_args(Sampling))
            raise BadOption(f"Frames cannot be sampled by {self.sampling!r}.", fix=f"use one of {options}.")
        if self.frames < 1 or self.stride < 1 or (self.rate is not None and not self.rate > 0):
            raise BadOption(
                f"frames={self.frames}, stride={self.stride}, rate={self.rate} choose no frames.",
                fix="give at least one frame, a stride of at least 1, and a positive rate or none.",
            )

    def choose(self, times: Moments, start: float, end: float, *, seed: int = 0) -> Indices:
        """Ascending numbers of frames among those that are on screen from start to end; times ascend."""
        first, stop = on_screen(times, start), int(np.searchsorted(times, end))
        if self.sampling == "uniform":
            return _at(times, _moments(start, end, self.frames))
        if self.sampling == "dense":
            return self._dense(times, first, stop, start, end)
        edges = first + (np.arange(self.frames + 1) * (stop - first)) / self.frames
        if self.sampling == "segments":
            return np.floor((edges[:-1] + edges[1:]) / 2).astype(np.intp)
        draws = np.random.default_rng(seed).random(self.frames)
        return np.floor(edges[:-1] + draws * np.diff(edges)).astype(np.intp)

    def _dense(self, times: Moments, first: int, stop: int, start: float, end: float) -> Indices:
        """Around the middle of the window; where it is too short, its first and last frames are repeated."""
        if self.rate is not None:
            around = (start + end) / 2 + (np.arange(self.frames) - (self.frames - 1) / 2) / self.rate
            return _at(times, around).clip(first, stop - 1)
        length = (self.frames - 1) * self.stride + 1
        begin = first + max(0, (stop - first - length) // 2)
        return (begin + np.arange(self.frames) * self.stride).clip(first, stop - 1).astype(np.intp)

    def describe(self) -> str:
        """In a few words."""
        way = {
            "uniform": "at even moments",
            "dense": f"{self.rate:g} per second" if self.rate else f"every {_nth(self.stride)}frame",
            "segments": "the middle of each segment",
            "random": "a random one of each segment",
        }[self.sampling]
        return f"{self.frames} frames, {way}"

    def to_json(self) -> dict[str, Any]:
        """Plain data for manifests."""
        return dict(vars(self))

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Pace:
        """What `to_json` wrote."""
        return Pace(**data)


def on_screen(times: Moments, moment: float) -> int:
    """The number of the frame that is shown at a moment."""
    return max(int(np.searchsorted(times, moment, side="right")) - 1, 0)


def _at(times: Moments, moments: Moments) -> Indices:
    # Nudged, so that rounding cannot put the very moment of a frame's appearance into the frame before.
    return (np.searchsorted(times, moments + 1e-9, side="right") - 1).clip(0)


def _moments(start: float, end: float, count: int) -> Moments:
    """The middles of equal stretches of the time."""
    return start + (np.arange(count) + 0.5) * (end - start) / count


def _nth(stride: int) -> str:
    return "" if stride == 1 else f"{stride}{ {2: 'nd', 3: 'rd'}.get(stride, 'th') } "
