"""The original frames of a clip: their times are known, their pixels are read again whenever they are drawn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from .geometry import Size
from .timeline import Timeline, Unit


class Footage(ABC):
    """Upright 8-bit RGB frames (h, w, 3) in the order of time; never all of them in memory."""

    name: str
    size: Size
    times: NDArray[np.float64]  # when each frame appears; the first one at 0
    end: float  # when the last frame disappears
    unit: Unit = "s"
    turned: str = ""  # what the rotation in the file did, in words; empty when nothing
    notes: tuple[str, ...] = ()

    @abstractmethod
    def frames(self, wanted: Sequence[int]) -> Iterator[NDArray[np.uint8]]:
        """The pixels of frames by number; the numbers ascend, each is there once."""

    @property
    @abstractmethod
    def digest(self) -> str:
        """SHA-256 of what the frames come from."""

    def __len__(self) -> int:
        return len(self.times)

    def timeline(self, shown: Sequence[int]) -> Timeline:
        """The time axis of a model that sees these frames."""
        ends = np.append(self.times[1:], self.end)
        begins, until = (tuple(float(at[i]) for i in shown) for at in (self.times, ends))
        return Timeline(tuple(map(int, shown)), begins, until, len(self), (0.0, self.end), self.unit)
