"""Key frames of a clip side by side with their maps, over the curve of the evidence in time."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ..errors import BadOption
from .film import clip_of, scale_over_time
from .frame import frame
from .legend import INK, Row, Text, legend, stack
from .moment import at, curve
from .overlay import draw, known
from .timestrip import strip

if TYPE_CHECKING:
    from ..explanation import Explanation

TILE, GAP, NOTES, PAPER = 224, 8, 14, (255, 255, 255)


def filmstrip(explanation: Explanation, *, view: str = "heat", count: int = 6) -> Image.Image:
    """The strongest frame of each of `count` equal runs of the frames that the model saw."""
    time, footage = clip_of(explanation)
    if count < 1:
        raise BadOption(f"A filmstrip of {count} frames shows nothing.", fix="give at least 1.")
    scale, chosen = scale_over_time(explanation, known(view)), key_frames(explanation, count)
    numbers = [time.shown[i] for i in chosen]
    shown = dict(zip(sorted(set(numbers)), footage.frames(sorted(set(numbers))), strict=True))
    tiles = []
    for of, number in zip(chosen, numbers, strict=True):
        framed = frame(explanation, view, longest=TILE, of=of, pixels=shown[number])
        drawn = draw(explanation, framed, view=view, scale=scale)
        label = Text(at(time, time.begins[of]), NOTES, INK)
        tiles.append(stack(Image.fromarray(drawn.rgb), [label], narrowest=1, margin=0))
    page = _beside(tiles)
    marks = tuple(time.begins[of] for of in chosen)
    rows: list[Row] = [strip(explanation, NOTES, *marks), *legend(explanation, drawn, framed, scale=scale, own=False)]
    return stack(page, rows)


def key_frames(explanation: Explanation, count: int) -> list[int]:
    """Model frames in the order of time: of each run the one whose cell holds the most evidence, its middle one."""
    assert explanation.geometry.time is not None
    length, stretches = len(explanation.geometry.time), curve(explanation)
    strength = np.array([s.supports + s.opposes for s in stretches])
    per_frame = strength[np.arange(length) * len(strength) // length]
    edges = np.linspace(0, length, min(count, length) + 1).round().astype(int)
    found = []
    for first, stop in pairwise(edges):
        best = np.flatnonzero(per_frame[first:stop] == per_frame[first:stop].max())
        found.append(int(first + best[len(best) // 2]))
    return found


def _beside(tiles: list[Image.Image]) -> Image.Image:
    width = sum(tile.width + GAP for tile in tiles) - GAP
    page = Image.new("RGB", (width, max(tile.height for tile in tiles)), PAPER)
    left = 0
    for tile in tiles:
        page.paste(tile, (left, 0))
        left += tile.width + GAP
    return page
