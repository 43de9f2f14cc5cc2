"""Turning the frames of a video upright, as the display matrix in the file asks for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..domain.geometry import Size
from .decode import TURNED

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

# EXIF orientation by (rows become columns, left and right swap, top and bottom swap)
ORIENTATION = {
    (False, True, False): 2, (False, True, True): 3, (False, False, True): 4, (True, False, False): 5,
    (True, True, False): 6, (True, True, True): 7, (True, False, True): 8,
}  # fmt: skip


@dataclass(frozen=True)
class Turn:
    """Rows and columns swapped first, then the sides."""

    across: bool = False
    left_right: bool = False
    top_bottom: bool = False
    notes: tuple[str, ...] = ()

    @staticmethod
    def of(frame: VideoFrame) -> Turn:
        """From the 3x3 matrix beside a frame, in 16.16 numbers: x' = a x + c y, y' = b x + d y."""
        beside = frame.side_data.get("DISPLAYMATRIX")
        if beside is None:
            return Turn()
        a, b, _, c, d, *_ = np.frombuffer(bytes(beside), dtype="<i4", count=9) / 65536
        angle = math.degrees(math.atan2(b, a)) % 90
        notes = () if min(angle, 90 - angle) < 0.5 else (f"turned by {angle:.0f} degrees more: shown without that",)
        if abs(b) > abs(a):
            return Turn(True, c < 0, b < 0, notes)
        return Turn(False, a < 0, d < 0, notes)

    @property
    def words(self) -> str:
        """What was done; empty when nothing."""
        return TURNED.get(ORIENTATION.get((self.across, self.left_right, self.top_bottom), 1), "")

    def size(self, stored: Size) -> Size:
        """Height and width after turning."""
        return stored[::-1] if self.across else stored

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        turned = pixels.swapaxes(0, 1) if self.across else pixels
        return np.ascontiguousarray(turned[:: -1 if self.top_bottom else 1, :: -1 if self.left_right else 1])
