"""The colours that parts and surroundings come in, by name."""

from __future__ import annotations

from .drawing import Ink

COLOURS: dict[str, Ink] = {
    "red": (0.86, 0.22, 0.21),
    "orange": (0.95, 0.55, 0.16),
    "yellow": (0.97, 0.80, 0.20),
    "green": (0.25, 0.62, 0.33),
    "blue": (0.18, 0.42, 0.82),
    "purple": (0.53, 0.30, 0.70),
    "pink": (0.94, 0.52, 0.68),
    "black": (0.16, 0.16, 0.19),
    "white": (0.97, 0.97, 0.96),
    "grey": (0.62, 0.60, 0.59),
}
PALE: dict[str, Ink] = {
    "sky": (0.76, 0.88, 0.96),
    "sand": (0.94, 0.89, 0.77),
    "mint": (0.80, 0.92, 0.83),
    "lilac": (0.87, 0.84, 0.94),
    "mist": (0.87, 0.88, 0.89),
    "dawn": (0.97, 0.85, 0.78),
    "sea": (0.66, 0.84, 0.85),
    "straw": (0.92, 0.90, 0.66),
}


def shade(ink: Ink, share: float) -> Ink:
    """The colour towards black (share below 0) or white (above)."""
    towards = 1.0 if share > 0 else 0.0
    return tuple(value + abs(share) * (towards - value) for value in ink)
