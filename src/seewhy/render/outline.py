"""The outline of what was asked about: a thin dark line with a white rim, to be seen on any ground."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image

from ..domain.marked import Marked
from .frame import resized
from .ink import draw_lines
from .level import Line
from .view import OUTLINE, Drawn, trace

INSET = 2.0  # pixels: on the very border of the picture half of the line would be cut off


def outlined(drawn: Drawn, marked: Marked, photo: tuple[int, int]) -> Drawn:
    """The picture with the outline on it; `photo` is the height and width in which the box is given."""
    size = drawn.rgb.shape[:2]
    lines = [_box(marked, size, photo)] if marked.mask is None else _around(marked, size)
    inside = [line.clip(INSET, np.array(size[::-1]) - 1 - INSET) for line in lines]
    words = "box that was" if marked.mask is None else "outline of the pixels that were"
    key = ("outline", f"{words} asked about")
    return replace(drawn, rgb=draw_lines(drawn.rgb, inside, OUTLINE, width=1.6), keys=(*drawn.keys, key))


def _box(marked: Marked, size: tuple[int, ...], photo: tuple[int, int]) -> Line:
    left, top, right, bottom = marked.box
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])
    return corners * [size[1] / photo[1], size[0] / photo[0]] - 0.5  # from edges to centres of pixels


def _around(marked: Marked, size: tuple[int, ...]) -> list[Line]:
    assert marked.mask is not None
    smaller = size[0] < marked.mask.shape[0]
    how = Image.Resampling.BILINEAR if smaller else Image.Resampling.NEAREST
    return trace(resized(marked.mask.astype(np.float32), (size[1], size[0]), how), 0.5)
