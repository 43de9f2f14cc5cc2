"""When sampling is precise enough: a half-width, at one look or at all looks."""

from __future__ import annotations

from dataclasses import dataclass

from .ranges import positive


@dataclass(frozen=True)
class Anytime:
    """A half-width for a band that holds at all looks at once, so that stopping at one of them breaks no promise."""

    halfwidth: float = 0.1

    def __post_init__(self) -> None:
        positive("tolerance", self.halfwidth, or_zero=True)


Tolerance = float | Anytime  # share of the map's range


def halfwidth_of(tolerance: Tolerance) -> float:
    return tolerance.halfwidth if isinstance(tolerance, Anytime) else tolerance
