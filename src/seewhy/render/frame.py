"""What is drawn: the photo and its map on the same pixels, at a size that can be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from ..explanation import Explanation

SMALLEST, LARGEST = 448, 1024  # bounds of the longer side of a picture, in pixels


@dataclass(frozen=True, eq=False)
class Frame:
    """Photo and map at drawing size; the map is NaN where the model did not look."""

    photo: NDArray[np.uint8]
    heat: NDArray[np.float32]

    @property
    def seen(self) -> NDArray[np.bool_]:
        return np.isfinite(self.heat)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.heat.shape
        return height, width


def frame(explanation: Explanation, *, longest: int | None = None) -> Frame:
    """The whole upright original with its map, reduced or enlarged to drawing size."""
    pixels, heat = explanation.picture.pixels, still(explanation.heatmap())
    height, width = pixels.shape[:2]
    side = longest or min(max(height, width, SMALLEST), LARGEST)
    factor = side / max(height, width)
    if factor == 1:
        return Frame(pixels, heat)
    to = (max(1, round(width * factor)), max(1, round(height * factor)))
    smooth = Image.Resampling.BILINEAR if explanation.parts is None or factor < 1 else Image.Resampling.NEAREST
    photo = np.asarray(Image.fromarray(pixels).resize(to, Image.Resampling.LANCZOS))
    return Frame(photo, resized(heat, to, smooth))


def still(heat: NDArray[np.float32]) -> NDArray[np.float32]:
    """The map of the frame that is shown: the middle one of a clip."""
    return heat if heat.ndim == 2 else heat[len(heat) // 2]


def resized(
    heat: NDArray[np.float32], to: tuple[int, int], how: Image.Resampling, *, least: float = 0.5
) -> NDArray[np.float32]:
    """A map at another (width, height); a pixel is known where at least this share of what it covers is."""
    known = np.isfinite(heat)
    values, weight = (
        np.asarray(Image.fromarray(part.astype(np.float32)).resize(to, how))
        for part in (np.where(known, heat, 0), known)
    )
    return np.where(weight >= least, values / np.maximum(weight, least), np.nan).astype(np.float32)


def softened(heat: NDArray[np.float32], *, cells: int = 40) -> NDArray[np.float32]:
    """The map averaged over places: a pixel-fine map is too noisy to have outlines or a strongest pixel."""
    height, width = heat.shape
    coarse = (max(1, round(width * cells / max(heat.shape))), max(1, round(height * cells / max(heat.shape))))
    reduced = resized(heat, coarse, Image.Resampling.BOX, least=1e-3)
    soft = resized(reduced, (width, height), Image.Resampling.BILINEAR, least=1e-3)
    return np.where(np.isfinite(heat), soft, np.nan).astype(np.float32)
