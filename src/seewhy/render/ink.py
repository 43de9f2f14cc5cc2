"""Lines on pictures: smooth, with a rim that keeps them visible on any photo, solid or dashed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from .level import Line

FINE = 2  # drawn this many times larger, then reduced: Pillow's lines are not smooth
RIM = (255, 255, 255)
Colour = tuple[int, int, int]


def draw_lines(
    rgb: NDArray[np.uint8], lines: Sequence[Line], colour: Colour, *, width: float = 2.0, dashed: bool = False
) -> NDArray[np.uint8]:
    """The picture with lines in pixel-centre coordinates on it."""
    bold, page = boldness(rgb), Image.fromarray(rgb)
    pieces = [piece for line in lines for piece in (_dashes(line, 9 * bold) if dashed else (line,))]
    for ink, wide in ((RIM, bold * width + 2), (colour, bold * width)):
        page.paste(ink, mask=_mask(page.size, pieces, wide))
    return np.asarray(page)


def boldness(rgb: NDArray[np.uint8]) -> float:
    """Large pictures are shown smaller, so their lines must be thicker."""
    height, width = rgb.shape[:2]
    return max(1.0, float(max(height, width)) / 600)


def _mask(size: tuple[int, int], lines: Iterable[Line], width: float) -> Image.Image:
    page = Image.new("L", (size[0] * FINE, size[1] * FINE))
    pen = ImageDraw.Draw(page)
    for line in lines:
        pen.line([(x, y) for x, y in (line + 0.5) * FINE], fill=255, width=round(width * FINE), joint="curve")
    return page.reduce(FINE)


def _dashes(line: Line, length: float) -> list[Line]:
    """Every second stretch of a line."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    starts = np.arange(0.0, along[-1], 2 * length)
    return [_between(line, along, start, min(start + length, along[-1])) for start in starts]


def _between(line: Line, along: NDArray[np.float64], start: float, end: float) -> Line:
    at = np.concatenate([[start], along[(along > start) & (along < end)], [end]])
    return np.stack([np.interp(at, along, line[:, 0]), np.interp(at, along, line[:, 1])], axis=1)
