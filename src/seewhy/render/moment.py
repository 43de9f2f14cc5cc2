"""When in a clip the numbers lie: one value for and one against per cell of the map along the time axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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
    return [Stretch(*span, float(f), float(a)) for span, f, a in zip(spans, *sides, strict=True)]


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


def at(time: Timeline, moment: float) -> str:
    """A moment in words: seconds, or the number of a frame that has no time."""
    return clock(moment) if time.unit == "s" else f"frame {int(moment) + 1}"


def span(time: Timeline, begin: float, end: float) -> str:
    """From one moment to another, in words."""
    return (
        f"{clock(begin).removesuffix(' s')} to {clock(end)}"
        if time.unit == "s"
        else f"frame {int(begin) + 1} to {round(end)}"
    )


def clock(seconds: float) -> str:
    """Seconds, or from a minute on as 1:02.50 s."""
    minutes, rest = divmod(round(seconds, 2), 60)
    return f"{int(minutes)}:{rest:05.2f} s" if minutes else f"{rest:.2f} s"


PLAYED: dict[Unit, float] = {"s": 1.0, "frames": 0.1}  # seconds that one unit of time is shown for
