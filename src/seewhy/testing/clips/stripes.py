"""Stripes behind everything: their slope gives a class away."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..scenes.colours import PALE
from ..scenes.drawing import Paper, Pixels


@dataclass(frozen=True)
class Stripes:
    """Two pale colours in waves: how far they are turned (degrees), how wide a wave is, and where it starts."""

    turn: float
    colour: str = "mist"
    second: str = "sky"
    wave: float = 0.25  # of the shorter side
    start: float = 0.0  # of a wave

    def picture(self, paper: Paper) -> Pixels:
        """The background alone (3, h, w)."""
        angle = math.radians(self.turn)
        along = math.cos(angle) * paper.x + math.sin(angle) * paper.y
        share = 0.5 + 0.5 * np.sin(2 * math.pi * (along / self.wave + self.start))
        first, second = (np.array(PALE[name], np.float32)[:, None, None] for name in (self.colour, self.second))
        return (first * (1 - share) + second * share).astype(np.float32)
