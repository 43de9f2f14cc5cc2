"""Perceptual colour maps, built in OKLab (Ottosson 2020), and the scale that maps share."""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

# Colours reach full strength at this percentile of |value|, so that a lone outlier does not bleach the map. Zeros do
# not count: a map of a few single points would otherwise have scale zero.
ROBUST = 99.5
STEPS = 511  # odd, so that zero has a colour of its own
Ramp = Literal["diverging", "sequential"]

# Position, then OKLab lightness, chroma and hue in degrees. Both ends of a signed map are equally dark.
ANCHORS: dict[Ramp, tuple[tuple[float, float, float, float], ...]] = {
    "diverging": (
        (0.00, 0.55, 0.160, 257),
        (0.25, 0.76, 0.105, 253),
        (0.50, 0.97, 0.000, 253),
        (0.75, 0.76, 0.130, 60),
        (1.00, 0.55, 0.135, 48),
    ),
    "sequential": (
        (0.00, 0.27, 0.080, 265),
        (0.45, 0.54, 0.035, 265),
        (0.60, 0.64, 0.045, 105),
        (1.00, 0.93, 0.150, 102),
    ),
}


def colourise(values: NDArray[np.floating], scale: float, signed: bool) -> NDArray[np.uint8]:
    """RGBA for each value: full colour at ±scale and beyond, transparent where the value is NaN."""
    known = np.isfinite(values)
    share = np.where(known, values, 0.0) / (scale or 1.0)
    position = (np.clip(share, -1, 1) + 1) / 2 if signed else np.clip(share, 0, 1)
    rgb = ramp("diverging" if signed else "sequential")[np.rint(position * (STEPS - 1)).astype(np.intp)]
    return np.concatenate([rgb, np.where(known, 255, 0).astype(np.uint8)[..., None]], axis=-1)


def scale_of(*heatmaps: NDArray[np.floating]) -> float:
    """One common scale for maps drawn side by side: a robust maximum of |value|; 0 when all are zero."""
    sizes = np.concatenate([np.abs(heat[np.isfinite(heat) & (heat != 0)]).ravel() for heat in heatmaps])
    return float(np.percentile(sizes, ROBUST)) if sizes.size else 0.0


@cache
def ramp(name: Ramp) -> NDArray[np.uint8]:
    """The colours of a map from its low to its high end, (STEPS, 3)."""
    at, lightness, chroma, hue = np.array(ANCHORS[name]).T
    position = np.linspace(0, 1, STEPS)
    angle = np.deg2rad(hue)
    lab = [np.interp(position, at, row) for row in (lightness, chroma * np.cos(angle), chroma * np.sin(angle))]
    return _srgb(np.stack(lab, axis=-1))


def lightness(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """OKLab lightness of sRGB colours, 0 black to 1 white."""
    coded = rgb / 255.0
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    cones = np.cbrt(linear @ np.linalg.inv(_RGB_FROM_CONES).T)
    return np.asarray(cones @ np.linalg.inv(_CONES_FROM_LAB)[0])


_CONES_FROM_LAB = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_RGB_FROM_CONES = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def _srgb(lab: NDArray[np.float64]) -> NDArray[np.uint8]:
    linear = np.clip(((lab @ _CONES_FROM_LAB.T) ** 3) @ _RGB_FROM_CONES.T, 0, 1)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(coded * 255), np.uint8)
