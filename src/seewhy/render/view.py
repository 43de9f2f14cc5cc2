"""The ways to draw a map on its photo; each takes a frame and gives the picture and the words for its legend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .colour import colourise
from .frame import Frame, resized
from .ink import Colour, boldness, draw_lines
from .level import Line, area_level, lines, mass_levels
from .number import percent

RGB = NDArray[np.uint8]
ENCLOSED = (0.90, 0.75, 0.50)  # shares of the evidence inside the contour lines, outermost first
REGION = 0.15  # share of the seen area that the regions view leaves bright
TRACED = 256  # contours are traced on at most this many positions a side
FOR: Colour = (196, 88, 20)
AGAINST: Colour = (38, 96, 196)
OUTLINE: Colour = (16, 16, 18)


@dataclass(frozen=True)
class Drawn:
    """A picture without its legend, and what the legend must explain."""

    rgb: RGB
    colours: bool = False  # a colour bar is needed
    keys: tuple[tuple[str, str], ...] = ()  # (swatch, words)


def heat(frame: Frame, scale: float, signed: bool) -> Drawn:
    """The photo, a little greyed, under colour that covers more where the map is stronger."""
    known = np.nan_to_num(frame.heat)
    strength = np.clip((np.abs(known) if signed else known) / (scale or 1.0), 0, 1)
    # Weak values of a signed map have nearly white colours: as a veil over a dark photo they would seem strong.
    tint = np.sign(frame.heat) * np.maximum(strength, 0.4) * scale if signed else frame.heat
    colour = colourise(tint, scale, signed)
    return Drawn(_blend(greyed(frame.photo, 0.6), colour[..., :3], 0.85 * strength[..., None] ** 0.8), colours=True)


def map_(frame: Frame, scale: float, signed: bool) -> Drawn:
    """The colours alone."""
    colour = colourise(frame.heat, scale, signed)
    return Drawn(np.where(colour[..., 3:] > 0, colour[..., :3], greyed(frame.photo, 1.0)), colours=True)


def contour(frame: Frame, scale: float, signed: bool) -> Drawn:
    """Lines that enclose shares of the evidence: solid for, dashed against."""
    rgb, keys = greyed(frame.photo, 0.4), []
    shares = ", ".join(f"{share * 100:.0f}" for share in reversed(ENCLOSED)) + "%"
    for sign, colour, swatch in ((1, FOR, "solid"), (-1, AGAINST, "dashed")) if signed else ((1, FOR, "solid"),):
        side = frame.heat * sign
        if not (side > 0).any():
            continue
        for width, level in enumerate(mass_levels(side, ENCLOSED), start=1):
            rgb = draw_lines(rgb, trace(side, level), colour, width=0.6 + 0.7 * width, dashed=sign < 0)
        words = ("evidence for" if sign > 0 else "evidence against") if signed else "importance"
        keys.append((swatch, f"{swatch} lines around {shares} of the {words}"))
    return Drawn(rgb, keys=tuple(keys) or (("", "the map has no strength to draw lines around"),))


def regions(frame: Frame, scale: float, signed: bool) -> Drawn:
    """Only the strongest places left bright and outlined, the rest dimmed."""
    level = area_level(frame.heat, REGION)
    top = frame.heat >= level
    if not top.any():
        return Drawn(_dimmed(frame.photo), keys=(("", "no place speaks for the target"),))
    held = float(frame.heat[top].sum() / frame.heat[frame.heat > 0].sum())
    area = float(top.sum() / frame.seen.sum())
    rgb = np.where(top[..., None], frame.photo, _dimmed(frame.photo))
    words = "evidence for" if signed else "importance"
    key = ("solid", f"strongest {percent(area)} of what was seen: {percent(held)} of the {words}")
    return Drawn(draw_lines(rgb, trace(frame.heat, level), FOR), keys=(key,))


def photo(frame: Frame, scale: float, signed: bool) -> Drawn:
    """The photo as it is."""
    return Drawn(frame.photo)


VIEWS: dict[str, Callable[[Frame, float, bool], Drawn]] = {
    "heat": heat, "contour": contour, "regions": regions, "map": map_, "photo": photo,
}  # fmt: skip


def trace(field: NDArray[np.float32], level: float) -> list[Line]:
    """Level lines in the coordinates of the picture."""
    height, width = field.shape
    factor = min(1.0, TRACED / max(field.shape))
    to = (max(2, round(width * factor)), max(2, round(height * factor)))
    small = resized(field, to, Image.Resampling.BILINEAR)
    back = np.array([width / to[0], height / to[1]])
    return [(line + 0.5) * back - 0.5 for line in lines(small, level)]


def greyed(rgb: RGB, amount: float) -> RGB:
    """The photo with part of its colour taken away, so that map colours are not mistaken for it."""
    grey = rgb @ np.array([0.299, 0.587, 0.114])
    return np.asarray(np.rint(rgb * (1 - amount) + grey[..., None] * amount), np.uint8)


def hatched(rgb: RGB, seen: NDArray[np.bool_]) -> RGB:
    """What the model did not see: dimmed, without colour, under diagonal lines."""
    down, across = np.indices(seen.shape)
    period = round(10 * boldness(rgb))
    stripe = np.expand_dims((down + across) % period < period / 5, -1)
    dim = greyed(rgb, 1.0) * 0.5
    unseen = np.where(stripe, 0.35 * dim + 0.65 * 175, dim).astype(np.uint8)
    return np.where(seen[..., None], rgb, unseen)


def _dimmed(rgb: RGB) -> RGB:
    return np.asarray(np.rint(greyed(rgb, 0.7) * 0.32), np.uint8)


def _blend(under: RGB, over: RGB, cover: NDArray[np.floating]) -> RGB:
    return np.asarray(np.rint(under * (1 - cover) + over * cover), np.uint8)
