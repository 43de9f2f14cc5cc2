"""What an explanation costs, counted in images pushed through the model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """Forward and backward passes, one per image and pass; `tail`: passes through the part behind a layer only."""

    forward: int = 0
    backward: int = 0
    tail: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.forward + other.forward, self.backward + other.backward, self.tail + other.tail)

    def __mul__(self, times: int) -> Cost:
        return Cost(self.forward * times, self.backward * times, self.tail * times)

    def minus(self, other: Cost) -> Cost:
        """What came on top of an earlier reading of the meter."""
        return self + other * -1

    @property
    def calls(self) -> int:
        """Model calls: the unit of `budget`; a backward pass counts like a forward one, a part of a pass does not."""
        return self.forward + self.backward

    def __str__(self) -> str:
        words = [f"{n} {name}{'s' if n != 1 else ''}" for n, name in self._parts() if n]
        tail = [f"{self.tail} through the part behind a layer"] if self.tail else []
        return " + ".join(words + tail) or "no model call"

    def _parts(self) -> tuple[tuple[int, str], tuple[int, str]]:
        return (self.forward, "forward"), (self.backward, "backward")
