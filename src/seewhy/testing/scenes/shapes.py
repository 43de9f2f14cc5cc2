"""Plain shapes: a figure with a pattern on it and a mark beside it."""

from __future__ import annotations

import math

from .colours import shade
from .drawing import Ellipse, Ink, Point, Polygon, Stroke


def _regular(sides: int, radius: float, start: float) -> Polygon:
    angles = [math.radians(start + 360 * i / sides) for i in range(sides)]
    return Polygon(tuple((radius * math.cos(angle), radius * math.sin(angle)) for angle in angles))


def _bar(centre: Point, across: float, down: float) -> Polygon:
    (x, y), a, d = centre, across / 2, down / 2
    return Polygon(((x - a, y - d), (x + a, y - d), (x + a, y + d), (x - a, y + d)))


def circle(ink: Ink) -> list[Stroke]:
    return [Stroke(Ellipse((0, 0), (0.36, 0.36)), ink)]


def square(ink: Ink) -> list[Stroke]:
    return [Stroke(_bar((0, 0), 0.62, 0.62), ink)]


def triangle(ink: Ink) -> list[Stroke]:
    return [Stroke(_regular(3, 0.48, -90), ink)]


def cross(ink: Ink) -> list[Stroke]:
    return [Stroke(_bar((0, 0), 0.76, 0.3), ink), Stroke(_bar((0, 0), 0.3, 0.76), ink)]


def striped(ink: Ink) -> list[Stroke]:
    return [Stroke(_bar((0, y), 0.3, 0.055), ink) for y in (-0.12, 0.0, 0.12)]


def dotted(ink: Ink) -> list[Stroke]:
    return [Stroke(Ellipse((x, y), (0.045, 0.045)), ink) for x in (-0.09, 0.09) for y in (-0.09, 0.09)]


def ring(ink: Ink) -> list[Stroke]:
    return [
        Stroke(Ellipse((0.42, -0.42), (0.09, 0.09)), ink),
        Stroke(Ellipse((0.42, -0.42), (0.045, 0.045)), shade(ink, 0.75)),
    ]


def diamond(ink: Ink) -> list[Stroke]:
    return [Stroke(Polygon(((0.42, -0.52), (0.5, -0.42), (0.42, -0.32), (0.34, -0.42))), ink)]
