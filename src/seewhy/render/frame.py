"""What is drawn: the photo and its map on the same pixels, at a size that can be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .colour import scale_of
from .moment import still_frame

if TYPE_CHECKING:
    from ..explanation import Explanation

SMALLEST, LARGEST = 448, 1024  # bounds of the longer side of a picture, in pixels
FINE = 64  # a map with more positions a side than this is averaged over places before it is drawn
CELLS = {"heat": 64, "contour": 14, "regions": 20}  # into how many places the longer side is divided then


@dataclass(frozen=True, eq=False)
class Frame:
    """Photo and map at drawing size; the map is NaN where the model did not look."""

    photo: NDArray[np.uint8]
    heat: NDArray[np.float32]
    scale: float  # of this very map: the value of full colour

    @property
    def seen(self) -> NDArray[np.bool_]:
        return np.isfinite(self.heat)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.heat.shape
        return height, width


def frame(
    explanation: Explanation,
    view: str = "map",
    *,
    longest: int | None = None,
    of: int | None = None,
    pixels: NDArray[np.uint8] | None = None,
) -> Frame:
    """The whole upright original with its map, reduced or enlarged to drawing size; `of` is a frame of a clip."""
    pixels = pixels_of(explanation, of) if pixels is None else pixels
    heat = pictured(explanation, view, of=of)
    height, width = pixels.shape[:2]
    side = longest or min(max(height, width, SMALLEST), LARGEST)
    factor, scale = side / max(height, width), scale_of(heat)
    if factor == 1:
        return Frame(pixels, heat, scale)
    to = (max(1, round(width * factor)), max(1, round(height * factor)))
    smooth = Image.Resampling.BILINEAR if explanation.parts is None or factor < 1 else Image.Resampling.NEAREST
    photo = np.asarray(Image.fromarray(pixels).resize(to, Image.Resampling.LANCZOS))
    return Frame(photo, resized(heat, to, smooth), scale)


def pixels_of(explanation: Explanation, of: int | None = None) -> NDArray[np.uint8]:
    """The photo, or one frame of a clip: the strongest one where none is named."""
    time, footage = explanation.geometry.time, explanation.footage
    if time is None or footage is None:
        return explanation.picture.pixels
    (found,) = footage.frames([time.shown[still_frame(explanation) if of is None else of]])
    return found


def pictured(explanation: Explanation, view: str, *, of: int | None = None) -> NDArray[np.float32]:
    """The map on the photo as a view draws it; the map view alone shows every pixel of a pixel-fine map."""
    heat = on_frame(explanation, of)
    return softened(heat, cells=CELLS[view]) if averaged(explanation, view) else heat


def averaged(explanation: Explanation, view: str) -> bool:
    """Whether the view averages over places, because single pixels can neither be seen nor outlined."""
    return view in CELLS and explanation.parts is None and max(explanation.values.shape[-2:]) > FINE


def on_frame(explanation: Explanation, of: int | None = None) -> NDArray[np.float32]:
    """The map on the photo, or on one frame of a clip: the strongest one where none is named."""
    if explanation.geometry.time is not None:
        return explanation.effect(still_frame(explanation) if of is None else of)
    return still(explanation.effect())


def still(heat: NDArray[np.float32]) -> NDArray[np.float32]:
    """A map of a photo, or the middle one of several."""
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
