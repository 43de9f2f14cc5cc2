"""One picture of a film, and when it is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Shot:
    """8-bit RGB pixels (h, w, 3), shown from `begin` to `end` seconds."""

    begin: float
    end: float
    pixels: NDArray[np.uint8]
