"""A bird that looks right: its neutral body and the forms of its tail, feet, beak, wings and eyes."""

from __future__ import annotations

from .colours import COLOURS, shade
from .drawing import Ellipse, Ink, Polygon, Stroke


def body(ink: Ink) -> list[Stroke]:
    trunk = Ellipse((-0.03, 0.07), (0.275, 0.18), -18)
    neck, head = Ellipse((0.135, -0.07), (0.13, 0.17), 25), Ellipse((0.2, -0.18), (0.135, 0.125))
    return [
        *(Stroke(form, ink) for form in (trunk, neck, head)),
        Stroke(Ellipse((0.07, 0.1), (0.15, 0.1), -35), shade(ink, 0.25)),
    ]


# -- tail: meets the body at (-0.25, 0.13)


def fan_tail(ink: Ink) -> list[Stroke]:
    ends = (((-0.47, -0.07), (-0.5, 0.02)), ((-0.52, 0.19), (-0.5, 0.28)), ((-0.53, 0.05), (-0.54, 0.16)))
    inks = (ink, ink, shade(ink, -0.25))
    return [Stroke(Polygon(((-0.2, 0.08), *end, (-0.2, 0.17))), paint) for end, paint in zip(ends, inks, strict=True)]


def long_tail(ink: Ink) -> list[Stroke]:
    outer = Polygon(((-0.18, 0.07), (-0.58, 0.3), (-0.6, 0.37), (-0.54, 0.37), (-0.17, 0.19)))
    return [
        Stroke(outer, ink),
        Stroke(Polygon(((-0.2, 0.12), (-0.56, 0.32), (-0.56, 0.345), (-0.2, 0.16))), shade(ink, -0.25)),
    ]


def forked_tail(ink: Ink) -> list[Stroke]:
    upper = Polygon(((-0.18, 0.08), (-0.54, -0.04), (-0.56, -0.01), (-0.2, 0.17)))
    lower = Polygon(((-0.18, 0.1), (-0.5, 0.34), (-0.465, 0.365), (-0.14, 0.19)))
    return [Stroke(upper, ink), Stroke(lower, shade(ink, -0.15))]


# -- feet: leave the body at y = 0.22


def webbed_feet(ink: Ink) -> list[Stroke]:
    return [stroke for x in (-0.06, 0.09) for stroke in (_leg(x, 0.4, ink), _web(x, ink))]


def clawed_feet(ink: Ink) -> list[Stroke]:
    toes = ((0.09, 0.43), (0.055, 0.47), (-0.06, 0.45))
    return [stroke for x in (-0.06, 0.09) for stroke in (_leg(x, 0.41, ink), *(_toe(x, toe, ink) for toe in toes))]


def tall_feet(ink: Ink) -> list[Stroke]:
    return [
        s
        for x in (-0.04, 0.06)
        for s in (_leg(x, 0.53, ink, 0.016), Stroke(Ellipse((x + 0.035, 0.535), (0.065, 0.022)), ink))
    ]


def _leg(x: float, end: float, ink: Ink, half: float = 0.02) -> Stroke:
    return Stroke(Polygon(((x - half, 0.18), (x + half, 0.18), (x + half, end), (x - half, end))), shade(ink, -0.12))


def _web(x: float, ink: Ink) -> Stroke:
    return Stroke(Polygon(((x - 0.02, 0.37), (x + 0.02, 0.36), (x + 0.12, 0.445), (x - 0.03, 0.445))), ink)


def _toe(x: float, end: tuple[float, float], ink: Ink) -> Stroke:
    return Stroke(
        Polygon(((x - 0.015, 0.385), (x + 0.015, 0.385), (x + end[0], end[1]), (x + end[0] * 0.6, end[1] + 0.012))), ink
    )


# -- beak: leaves the head at (0.32, -0.17)


def long_beak(ink: Ink) -> list[Stroke]:
    upper = Polygon(((0.29, -0.24), (0.6, -0.15), (0.29, -0.15)))
    return [Stroke(Polygon(((0.29, -0.17), (0.58, -0.15), (0.3, -0.11))), shade(ink, -0.25)), Stroke(upper, ink)]


def short_beak(ink: Ink) -> list[Stroke]:
    upper = Polygon(((0.28, -0.27), (0.34, -0.265), (0.43, -0.17), (0.3, -0.165)))
    return [
        Stroke(Polygon(((0.3, -0.18), (0.42, -0.17), (0.35, -0.09), (0.28, -0.1))), shade(ink, -0.25)),
        Stroke(upper, ink),
    ]


def hooked_beak(ink: Ink) -> list[Stroke]:
    bridge = Polygon(((0.28, -0.26), (0.38, -0.25), (0.46, -0.17), (0.44, -0.12), (0.29, -0.13)))
    hook = Polygon(((0.38, -0.17), (0.46, -0.17), (0.47, -0.11), (0.44, -0.03)))
    return [
        Stroke(Polygon(((0.29, -0.15), (0.39, -0.15), (0.36, -0.09), (0.29, -0.1))), shade(ink, -0.25)),
        Stroke(bridge, ink),
        Stroke(hook, ink),
    ]


# -- wings: join the body at the shoulder (0.08, 0.0)


def round_wings(ink: Ink) -> list[Stroke]:
    feathers = [Ellipse((-0.13 + 0.065 * i, 0.15 - 0.025 * i), (0.075, 0.045), 50) for i in range(3)]
    return [Stroke(Ellipse((-0.05, 0.06), (0.17, 0.125), -12), ink), *(Stroke(f, shade(ink, -0.22)) for f in feathers)]


def pointed_wings(ink: Ink) -> list[Stroke]:
    whole = Polygon(
        ((0.1, -0.04), (0.12, 0.04), (0.06, 0.12), (-0.1, 0.16), (-0.36, 0.16), (-0.14, 0.02), (0.0, -0.06))
    )
    tips = Polygon(((-0.02, 0.075), (0.04, 0.12), (-0.1, 0.16), (-0.36, 0.16)))
    return [Stroke(whole, ink), Stroke(tips, shade(ink, -0.22))]


def raised_wings(ink: Ink) -> list[Stroke]:
    far = Polygon(((0.1, -0.02), (-0.02, -0.44), (-0.1, -0.36), (-0.1, 0.04)))
    near = Polygon(
        ((0.08, 0.06), (0.05, -0.08), (-0.22, -0.42), (-0.3, -0.33), (-0.29, -0.22), (-0.16, 0.05), (-0.04, 0.1))
    )
    bars = Polygon(((-0.07, 0.06), (-0.27, -0.3), (-0.3, -0.33), (-0.29, -0.22), (-0.16, 0.05)))
    return [Stroke(far, shade(ink, -0.3)), Stroke(near, ink), Stroke(bars, shade(ink, -0.22))]


# -- eyes: one is seen from the side


def round_eyes(ink: Ink) -> list[Stroke]:
    return [
        Stroke(Ellipse((0.225, -0.2), (r, r)), i)
        for r, i in ((0.06, COLOURS["white"]), (0.042, ink), (0.02, COLOURS["black"]))
    ]


def ringed_eyes(ink: Ink) -> list[Stroke]:
    return [
        Stroke(Ellipse((0.225, -0.2), (r, r)), i)
        for r, i in ((0.075, ink), (0.045, COLOURS["white"]), (0.028, COLOURS["black"]))
    ]


def sleepy_eyes(ink: Ink) -> list[Stroke]:
    lid = Polygon(((0.155, -0.215), (0.165, -0.25), (0.225, -0.268), (0.285, -0.25), (0.295, -0.215), (0.225, -0.19)))
    return [
        Stroke(Ellipse((0.225, -0.2), (0.062, 0.055)), COLOURS["white"]),
        Stroke(Ellipse((0.235, -0.19), (0.03, 0.03)), COLOURS["black"]),
        Stroke(lid, ink),
    ]
