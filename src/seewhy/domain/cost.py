"""What an explanation costs, counted in images pushed through the model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """Forward and backward passes, one per image and pass."""

    forward: int = 0
    backward: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.forward + other.forward, self.backward + other.backward)

    def __mul__(self, times: int) -> Cost:
        return Cost(self.forward * times, self.backward * times)

    def minus(self, other: Cost) -> Cost:
        """What came on top of an earlier reading of the meter."""
        return Cost(self.forward - other.forward, self.backward - other.backward)

    @property
    def calls(self) -> int:
        """Model calls: the unit of `budget`; a backward pass counts like a forward one."""
        return self.forward + self.backward

    def __str__(self) -> str:
        words = [f"{n} {name}{'s' if n != 1 else ''}" for n, name in self._parts() if n]
        return " + ".join(words) or "no model call"

    def _parts(self) -> tuple[tuple[int, str], tuple[int, str]]:
        return (self.forward, "forward"), (self.backward, "backward")
