"""How a level wants to be answered, for explainers whose options can be set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """Parts, samples and seed; what is absent is black."""

    cells: int | None = None  # parts along each side; nothing: every pixel is a part
    samples: int = 512  # model calls to sample with
    seed: int = 0

    def side(self, space: tuple[int, ...]) -> int:
        """Pixels along the side of a part."""
        return 1 if self.cells is None else max(1, max(space) // self.cells)
