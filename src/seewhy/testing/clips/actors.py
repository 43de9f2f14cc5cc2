"""What moves in a clip: a figure with a colour and a size, and for each frame where it is and what it looks like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..scenes import shapes
from ..scenes.colours import COLOURS
from ..scenes.drawing import Ellipse, Form, Ink, Paper, Pixels, Point, Pose, Stroke
from ..scenes.subjects import one_of

ANY: Ink = (0.0, 0.0, 0.0)  # the drawings of scenes want a colour; only their forms are used here
HOLE = Ellipse((0, 0), (0.19, 0.19))


def _forms(draw: Callable[[Ink], list[Stroke]]) -> tuple[Form, ...]:
    return tuple(stroke.form for stroke in draw(ANY))


FIGURES: Mapping[str, tuple[Form, ...]] = {
    "disc": _forms(shapes.circle),
    "ring": _forms(shapes.circle),  # less the hole
    "cross": _forms(shapes.cross),
    "triangle": _forms(shapes.triangle),
    "square": _forms(shapes.square),
}


@dataclass(frozen=True)
class Actor:
    """Something that is in every frame: its middle (right, down; the shorter side is one long) and its figure there."""

    name: str
    colour: str
    size: float  # 1: a disc of 0.72 of the shorter side
    places: tuple[Point, ...]
    figures: tuple[str, ...]

    def __post_init__(self) -> None:
        one_of(self.colour, COLOURS, "colour")
        for figure in dict.fromkeys(self.figures):
            one_of(figure, FIGURES, "figure")

    def cover(self, paper: Paper) -> Pixels:
        """How much of each pixel it fills (t, h, w)."""
        filled = np.zeros((len(self.places), paper.height, paper.width), np.float32)
        places = np.array(self.places, np.float32)[:, :, None, None]
        for figure in dict.fromkeys(self.figures):
            frames = [frame for frame, shown in enumerate(self.figures) if shown == figure]
            x, y = paper.x - places[frames, 0], paper.y - places[frames, 1]
            filled[frames] = _figure(figure, self.size, x, y, paper.unit)
        return filled


def _figure(name: str, size: float, x: Pixels, y: Pixels, unit: int) -> Pixels:
    pose = Pose(0.0, 0.0, size)
    covered: Pixels = np.maximum.reduce([_cover(form.placed(pose), x, y, unit) for form in FIGURES[name]])
    return covered * (1 - _cover(HOLE.placed(pose), x, y, unit)) if name == "ring" else covered


def _cover(form: Form, x: Pixels, y: Pixels, unit: int) -> Pixels:
    return np.minimum(np.maximum(0.5 - form.distance(x, y) * unit, 0), 1)  # type: ignore[no-any-return]
