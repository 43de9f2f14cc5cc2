"""Flat forms with soft edges: how much of each pixel an ellipse or a convex polygon covers, and painting with it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]  # right, down; the shorter side of the picture is one long
Ink = tuple[float, ...]
Pixels = NDArray[np.floating[Any]]
NEARLY_ZERO = 1e-6  # the middle of an ellipse, where all else is zero, is inside
Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class Pose:
    """Where something stands, how large, how far turned (degrees, clockwise), and whether it looks left."""

    x: float = 0.5
    y: float = 0.5
    size: float = 1.0
    turn: float = 0.0
    left: bool = False

    def point(self, at: Point) -> Point:
        """A point of the thing's own drawing in the picture."""
        cos, sin = self._direction
        across, down = (-at[0] if self.left else at[0]) * self.size, at[1] * self.size
        return self.x + cos * across - sin * down, self.y + sin * across + cos * down

    @cached_property
    def _direction(self) -> Point:
        return math.cos(math.radians(self.turn)), math.sin(math.radians(self.turn))


@dataclass(frozen=True)
class Ellipse:
    """Two radii around a centre, turned clockwise by degrees."""

    centre: Point
    radii: Point
    turn: float = 0.0

    def placed(self, pose: Pose) -> Ellipse:
        radii = (self.radii[0] * pose.size, self.radii[1] * pose.size)
        return Ellipse(pose.point(self.centre), radii, pose.turn + (-self.turn if pose.left else self.turn))

    def box(self) -> Box:
        (x, y), reach = self.centre, max(self.radii)
        return x - reach, y - reach, x + reach, y + reach

    def distance(self, x: Pixels, y: Pixels) -> Pixels:
        """How far outside the edge each place is (inside: negative), to first order."""
        angle, (a, b) = math.radians(self.turn), self.radii
        cos, sin, across, down = math.cos(angle), math.sin(angle), x - self.centre[0], y - self.centre[1]
        u, v = across * (cos / a) + down * (sin / a), down * (cos / b) - across * (sin / b)
        u, v = u * u, v * v
        level = u + v
        slope = np.sqrt(u / a**2 + v / b**2)
        return (level - np.sqrt(level) - NEARLY_ZERO) / (slope + NEARLY_ZERO)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Polygon:
    """A convex polygon by its corners in order."""

    corners: tuple[Point, ...]

    def placed(self, pose: Pose) -> Polygon:
        return Polygon(tuple(pose.point(corner) for corner in self.corners))

    def box(self) -> Box:
        x, y = zip(*self.corners, strict=True)
        return min(x), min(y), max(x), max(y)

    def distance(self, x: Pixels, y: Pixels) -> Pixels:
        """The largest distance outside one of the edges (inside: negative)."""
        found = np.full(np.broadcast_shapes(x.shape, y.shape), -np.inf, np.float32)
        for across, down, offset in self._edges():
            np.maximum(found, across * x + (down * y - offset), out=found)
        return found

    def _edges(self) -> list[tuple[float, float, float]]:
        """For each edge its normal, which points outwards, and how far along it the edge is."""
        pairs = list(zip(self.corners, (*self.corners[1:], self.corners[0]), strict=True))
        way = math.copysign(1, sum(a[0] * b[1] - a[1] * b[0] for a, b in pairs))
        edges = []
        for (x, y), (ahead, below) in pairs:
            length = way * math.hypot(ahead - x, below - y)
            across, down = (below - y) / length, (x - ahead) / length
            edges.append((across, down, across * x + down * y))
        return edges


Form = Ellipse | Polygon


class Stroke(NamedTuple):
    """A form and its colour."""

    form: Form
    ink: Ink


@dataclass(frozen=True)
class Paper:
    """The pixels of a picture (h, w) and where their centres are."""

    height: int
    width: int

    @cached_property
    def unit(self) -> int:
        return min(self.height, self.width)

    @cached_property
    def x(self) -> Pixels:
        return ((np.arange(self.width, dtype=np.float32) + 0.5 - self.width / 2) / self.unit + 0.5)[None]

    @cached_property
    def y(self) -> Pixels:
        return ((np.arange(self.height, dtype=np.float32) + 0.5 - self.height / 2) / self.unit + 0.5)[:, None]

    def window(self, box: Box) -> tuple[slice, slice]:
        """Rows and columns that a box may touch."""
        left, top, right, bottom = ((edge - 0.5) * self.unit for edge in box)
        return _span(top, bottom, self.height), _span(left, right, self.width)

    def paint(self, canvas: Pixels, strokes: Iterable[Stroke]) -> Pixels:
        """The canvas (k, h, w) with the strokes on it, each over those before."""
        canvas = canvas.copy()
        for form, ink in strokes:
            rows, columns = self.window(form.box())
            distance = form.distance(self.x[:, columns], self.y[rows])
            covered = np.minimum(np.maximum(0.5 - distance * self.unit, 0), 1)
            below = canvas[:, rows, columns]
            below *= 1 - covered  # not below + covered · (ink - below): what is hidden must be gone exactly
            below += covered * np.array(ink, np.float32)[:, None, None]
        return canvas


def _span(start: float, end: float, side: int) -> slice:
    """Pixels of an axis from start to end, both counted from its middle, with one to spare."""
    low, high = math.floor(start + side / 2) - 1, math.ceil(end + side / 2) + 1
    return slice(min(max(low, 0), side), min(max(high, 0), side))
