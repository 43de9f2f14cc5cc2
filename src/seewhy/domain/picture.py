"""A photo as the person gave it: upright, in colour, with where it came from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Picture:
    """Upright pixels of the original, 8-bit RGB (h, w, 3), as overlays are drawn on."""

    pixels: NDArray[np.uint8]
    name: str = "image"
    turned: str = ""  # what the EXIF orientation did, in words; empty when nothing
    notes: tuple[str, ...] = ()  # conversions that happened: palette, CMYK, 16-bit, alpha on white ...

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.pixels.shape[:2]
        return height, width

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(repr(self.pixels.shape).encode() + self.pixels.tobytes()).hexdigest()
