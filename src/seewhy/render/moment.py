"""When in a clip the numbers lie: one value for and one against per cell of the map along the time axis."""

from __future__ import annotations

from dataclasses import dataclass
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

    def side(self, sign: int) -> float:
        """The evidence with this sign."""
        return self.supports if sign > 0 else self.opposes


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


def _bands(band: NDArray[np.float32] | None, shape: tuple[int, int]) -> NDArray[np.float64]:
    """If every place stays in its band, the mean of the places stays in the mean of the bands: never too narrow."""
    if band is None or len(band) != shape[0]:
        return np.zeros(shape[0])
    found: NDArray[np.float64] = np.nan_to_num(band.astype(np.float64)).reshape(shape[0], -1).mean(axis=1)
    return found


def only_in_time(explanation: Explanation) -> bool:
    """Whether a clip's map has one number for each moment, and none for places."""
    return explanation.geometry.time is not None and explanation.values.shape[1:] == (1, 1)


def highest(stretches: list[Stretch]) -> float:
    """What the curve must have room for, error bars included; never 0."""
    return max((max(s.supports, s.opposes) + s.band for s in stretches), default=0.0) or 1.0


def ranked(stretches: list[Stretch], sign: int = 1) -> list[Stretch]:
    """The stretches that hold evidence with this sign, most first."""
    return sorted((s for s in stretches if s.side(sign) > 0), key=lambda stretch: -stretch.side(sign))


def frame_in(time: Timeline, stretch: Stretch) -> int:
    """The model frame in the middle of a stretch."""
    middle = (stretch.begin + stretch.end) / 2
    return min(range(len(time)), key=lambda i: abs(time.begins[i] - middle))


def telling_frame(explanation: Explanation, sign: int = 1) -> int | None:
    """The model frame at which places are told of: of the strongest moment, or the middle one; None for a photo."""
    time = explanation.geometry.time
    if time is None:
        return None
    best = ranked(curve(explanation), sign)[:1]
    return frame_in(time, best[0]) if best else time.middle


def still_frame(explanation: Explanation) -> int:
    """The model frame that a still picture of a clip shows: the telling one, or the middle, if only that is there."""
    time = explanation.geometry.time
    assert time is not None
    if explanation.footage is None:
        return time.middle
    sign = 1 if any(stretch.supports for stretch in curve(explanation)) else -1
    found = telling_frame(explanation, sign)
    assert found is not None
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
