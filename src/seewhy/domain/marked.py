"""Where on the photo a question is about: in a box, or on the pixels of a mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Corners = tuple[float, float, float, float]  # left, top, right, bottom in pixels of the photo


@dataclass(frozen=True, eq=False)
class Marked:
    """A box, or the pixels of a mask and the box around them."""

    box: Corners
    mask: NDArray[np.bool_] | None = None  # (h, w) of the photo

    @staticmethod
    def of(mask: NDArray[np.bool_]) -> Marked | None:
        """A mask of the photo's pixels; None where it marks none."""
        if not mask.any():
            return None
        (top, bottom), (left, right) = (np.flatnonzero(mask.any(axis=axis))[[0, -1]] for axis in (1, 0))
        return Marked((float(left), float(top), float(right + 1), float(bottom + 1)), mask)
