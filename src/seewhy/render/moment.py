"""When in a clip the numbers lie: one value for and one against per cell of the map along the time axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..domain.timeline import Timeline, Unit

if TYPE_CHECKING:
    from ..explanation import Explanation


@dataclass(frozen=True)
class Stretch:
    """The time that one cell of the map looks at, and its evidence there, averaged over the picture."""

    begin: float
    end: float
    supports: float
    opposes: float = 0.0  # as a positive number
    band: float = 0.0  # half-width of either; 0 where the map has no error bar

    @property
    def value(self) -> float:
        """What is left for the target."""
        return self.supports - self.opposes


def curve(explanation: Explanation) -> list[Stretch]:
    """The map along the time axis in its own resolution: nothing is interpolated. Empty for a photo."""
    time = explanation.geometry.time
    if time is None:
        return []
    cells = explanation.values.astype(np.float64) - explanation.zero
    cells = np.nan_to_num(cells).reshape(len(cells), -1)
    sides = cells.clip(0).mean(axis=1), (-cells).clip(0).mean(axis=1)
    spans = time.footprints(len(cells), blocky=explanation.parts is not None)
    bands = _bands(explanation.band, cells.shape)
    return [Stretch(*span, *map(float, numbers)) for span, *numbers in zip(spans, *sides, bands, strict=True)]


def strongest(stretches: list[Stretch]) -> Stretch | None:
    """The stretch with the most evidence for the target; None where there is none."""
    best = max(stretches, key=lambda stretch: stretch.supports, default=None)
    return best if best is not None and best.supports > 0 else None


def only_in_time(explanation: Explanation) -> bool:
    """Whether a clip's map has one number for each moment, and none for places."""
    return explanation.geometry.time is not None and explanation.values.shape[1:] == (1, 1)


def highest(stretches: list[Stretch]) -> float:
    """What the curve must have room for, error bars included; never 0."""
    return max((max(s.supports, s.opposes) + s.band for s in stretches), default=0.0) or 1.0


def _bands(band: NDArray[np.float32] | None, shape: tuple[int, int]) -> NDArray[np.float64]:
    """If every place stays in its band, the mean of the places stays in the mean of the bands: never too narrow."""
    return np.zeros(shape[0]) if band is None else np.nan_to_num(band.astype(np.float64)).reshape(shape).mean(axis=1)


def still_frame(explanation: Explanation) -> int:
    """The model frame that stands for a clip in a still picture: the one with most for the target.

    The one in the middle, where no other is at hand.
    """
    time = explanation.geometry.time
    assert time is not None
    if explanation.footage is None:
        return time.middle
    supports = [stretch.supports for stretch in curve(explanation)]
    return _strongest(supports, len(time), 1)[0] if any(supports) else key_frames(explanation, 1)[0]


def key_frames(explanation: Explanation, count: int) -> list[int]:
    """Model frames in the order of time: of each run the one whose cell holds the most evidence, its middle one."""
    assert explanation.geometry.time is not None
    strength = [stretch.supports + stretch.opposes for stretch in curve(explanation)]
    return _strongest(strength, len(explanation.geometry.time), count)


def _strongest(strength: Sequence[float], length: int, count: int) -> list[int]:
    """Of each of so many equal runs of frames the one in the middle of those with the strongest cell."""
    per_frame = np.array(strength)[np.arange(length) * len(strength) // length]
    edges = np.linspace(0, length, min(count, length) + 1).round().astype(int)
    found = []
    for first, stop in pairwise(edges):
        best = np.flatnonzero(per_frame[first:stop] == per_frame[first:stop].max())
        found.append(int(first + best[len(best) // 2]))
    return found


def at(time: Timeline, moment: float) -> str:
    """A moment in words: seconds, or the number of a frame that has no time."""
    return clock(moment) if time.unit == "s" else f"frame {int(moment) + 1}"


def span(time: Timeline, begin: float, end: float) -> str:
    """From one moment to another, in words."""
    if time.unit == "s":
        return f"{clock(begin).removesuffix(' s')} to {clock(end)}"
    first, last = int(begin) + 1, round(end)
    return f"frame {first} to {last}" if last > first else f"frame {first}"


def clock(seconds: float) -> str:
    """Seconds, or from a minute on as 1:02.50 s."""
    minutes, rest = divmod(round(seconds, 2), 60)
    return f"{int(minutes)}:{rest:05.2f} s" if minutes else f"{rest:.2f} s"


PLAYED: dict[Unit, float] = {"s": 1.0, "frames": 0.1}  # seconds that one unit of time is shown for
