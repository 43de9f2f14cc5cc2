"""Which frames of a clip the model saw and when they are shown, and how maps travel along the time axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .resample import sampled

Unit = Literal["s", "frames"]  # frames that were given without times are counted
Span = tuple[float, float]
PART = 0.1  # of a clip, below which it is drawn alone


@dataclass(frozen=True)
class Timeline:
    """One entry per model frame, in order: its frame of the original, when that appears and when the next one does."""

    shown: tuple[int, ...]
    begins: tuple[float, ...]
    ends: tuple[float, ...]
    frames: int  # of the original clip
    span: Span  # of the original clip
    unit: Unit = "s"

    @staticmethod
    def identity(count: int) -> Timeline:
        """The model sees every frame, and nothing is known of their times."""
        each = tuple(map(float, range(count + 1)))
        return Timeline(tuple(range(count)), each[:-1], each[1:], count, (0.0, float(count)), "frames")

    def __len__(self) -> int:
        return len(self.shown)

    @property
    def middle(self) -> int:
        """The model frame that stands for the clip in a still picture."""
        return len(self) // 2

    @property
    def drawn(self) -> Span:
        """What a curve over time shows: the whole clip, or where the model saw a small part of it, that part."""
        seen = self.begins[0], self.ends[-1]
        return seen if seen[1] - seen[0] < PART * (self.span[1] - self.span[0]) else self.span

    def seen_mask(self) -> NDArray[np.bool_]:
        """True for the frames of the original that the model looked at."""
        mask = np.zeros(self.frames, dtype=bool)
        mask[list(self.shown)] = True
        return mask

    def model_frame(self, original: int) -> int | None:
        """The first model frame that shows this frame of the original; None where the model did not look."""
        return self.shown.index(original) if original in self.shown else None

    # -- cells of a map and moments

    def footprints(self, cells: int, *, blocky: bool = False) -> list[Span]:
        """When each cell of a map looks: from its first frame's appearance to the end of its last frame.

        Neighbours of a smooth map share a frame where its borders fall into one; parts (blocky) share none.
        """
        edges = [k * len(self) / cells for k in range(cells + 1)]
        if blocky:
            edges = [-(-k * len(self) // cells) for k in range(cells + 1)]  # as regions divide an axis
        return [(self.begins[int(a)], self.ends[ceil(b - 1e-9) - 1]) for a, b in pairwise(edges)]

    def to_seconds(self, position: float) -> float:
        """When a position in model frames (0 is the beginning of the first, 0.5 its middle) is shown."""
        i = min(max(int(position), 0), len(self) - 1)
        return self.begins[i] + (position - i) * (self.ends[i] - self.begins[i])

    def to_position(self, seconds: float) -> float:
        """The position in model frames that is shown at a moment; NaN where the frame on screen was not seen."""
        for i, (begin, end) in enumerate(zip(self.begins, self.ends, strict=True)):
            if begin <= seconds < end:
                return i + (seconds - begin) / (end - begin)
        return float("nan")

    def on_frames(self, values: NDArray[Any], *, blocky: bool = False, frame: int | None = None) -> NDArray[Any]:
        """A map (..., cells, gh, gw) that covers the model's frames, on each of them, or on one (..., 1, gh, gw)."""
        frames = np.arange(len(self)) if frame is None else np.array([frame])
        cells = values.shape[-3]
        if blocky:
            held: NDArray[Any] = values.take(frames * cells // len(self), axis=-3)
            return held
        return sampled(values, (frames + 0.5) * (cells / len(self)), -3, reach=cells / len(self))

    # -- files

    def to_json(self) -> dict[str, Any]:
        """Plain data for manifests and `--json`."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Timeline:
        """What `to_json` wrote."""
        fields: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in data.items()}
        return Timeline(**fields)
