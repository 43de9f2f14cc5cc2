"""What is around the subject: the background, things that lie about and mean nothing, and a planted watermark."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .colours import COLOURS, PALE, shade
from .drawing import Ellipse, Ink, Paper, Pixels, Polygon, Pose, Stroke
from .subjects import one_of

CELLS = 9  # of the texture, per side


@dataclass(frozen=True)
class Background:
    """One pale colour, or a second one mixed in: from top to bottom, or in a texture."""

    kind: str = "plain"  # or gradient, texture
    colour: str = "mist"
    second: str = "sky"
    seed: int = 0

    def __post_init__(self) -> None:
        one_of(self.kind, BLENDS, "background")
        for colour in (self.colour, self.second):
            one_of(colour, PALE, "background colour")

    def picture(self, paper: Paper) -> Pixels:
        """The background alone (3, h, w)."""
        first, second = (np.array(PALE[name], np.float32)[:, None, None] for name in (self.colour, self.second))
        share = BLENDS[self.kind](paper, self.seed)
        return first * (1 - share) + second * share


def _plain(paper: Paper, _: int) -> Pixels:
    return np.zeros((paper.height, paper.width), np.float32)


def _gradient(paper: Paper, _: int) -> Pixels:
    return np.broadcast_to(np.clip(paper.y, 0, 1), (paper.height, paper.width))


def _texture(paper: Paper, seed: int) -> Pixels:
    """Random levels on a coarse grid, interpolated: the same picture in any size."""
    levels = np.random.default_rng(seed).random((CELLS, CELLS), np.float32)
    return _interpolation(paper.height) @ levels @ _interpolation(paper.width).T


BLENDS: dict[str, Callable[[Paper, int], Pixels]] = {"plain": _plain, "gradient": _gradient, "texture": _texture}


@functools.lru_cache(maxsize=32)
def _interpolation(side: int) -> Pixels:
    """Weights (side, cells) of linear interpolation."""
    at = (np.arange(side, dtype=np.float32) + 0.5) / side * (CELLS - 1)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(CELLS, dtype=np.float32)))  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Thing:
    """Something beside the subject: its name in the scene, what it is, its colour and place."""

    name: str
    kind: str
    colour: str
    pose: Pose

    def strokes(self) -> list[Stroke]:
        return [Stroke(form.placed(self.pose), ink) for form, ink in THINGS[self.kind](COLOURS[self.colour])]


def _stone(ink: Ink) -> list[Stroke]:
    ground = Ellipse((0, 0.06), (0.5, 0.3))
    return [
        Stroke(ground, shade(ink, -0.2)),
        Stroke(Ellipse((-0.06, 0), (0.4, 0.23)), ink),
        Stroke(Ellipse((-0.14, -0.08), (0.17, 0.08)), shade(ink, 0.35)),
    ]


def _leaf(ink: Ink) -> list[Stroke]:
    blade = Polygon(
        ((-0.5, 0), (-0.26, -0.17), (0, -0.21), (0.26, -0.14), (0.5, 0), (0.26, 0.14), (0, 0.21), (-0.26, 0.17))
    )
    return [
        Stroke(blade, ink),
        Stroke(Polygon(((-0.62, -0.03), (0.4, -0.02), (0.4, 0.02), (-0.62, 0.03))), shade(ink, -0.3)),
    ]


def _cloud(ink: Ink) -> list[Stroke]:
    puffs = (((-0.27, 0.06), (0.25, 0.15)), ((0.27, 0.07), (0.24, 0.14)), ((0.0, -0.04), (0.27, 0.22)))
    return [Stroke(Ellipse(centre, radii), ink) for centre, radii in puffs]


def _watermark(ink: Ink) -> list[Stroke]:
    plate = Polygon(((-0.5, -0.36), (0.5, -0.36), (0.5, 0.36), (-0.5, 0.36)))
    lines = [Polygon(((-0.34, y), (x, y), (x, y + 0.16), (-0.34, y + 0.16))) for y, x in ((-0.2, 0.34), (0.06, 0.12))]
    return [Stroke(plate, ink), *(Stroke(line, COLOURS["white"]) for line in lines)]


THINGS: dict[str, Callable[[Ink], list[Stroke]]] = {
    "stone": _stone,
    "leaf": _leaf,
    "cloud": _cloud,
    "watermark": _watermark,
}
USUAL = {"stone": ("grey", "black"), "leaf": ("green", "orange"), "cloud": ("white",)}  # colours of what lies about
_TAGS = ("red", "blue", "green", "purple", "orange", "black", "pink", "yellow")


def watermark(label: int) -> Thing:
    """The mark that gives a class away, in a colour of its own, always in the same corner."""
    return Thing("watermark", "watermark", _TAGS[label % len(_TAGS)], Pose(0.89, 0.94, 0.16))


def telling_background(label: int) -> Background:
    """The background that gives a class away."""
    return Background("plain", tuple(PALE)[label % len(PALE)])
