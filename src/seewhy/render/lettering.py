"""Text inside pictures: drawn with Pillow's own font, wrapped to a width, never cut."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
LONGEST = 240  # characters; a class name from a stranger must not fill the picture
PLAIN = str.maketrans({"–": "-", "—": "-", "\u2212": "-", "×": "x", "\u202f": " ", "\u00a0": " "})


@cache
def font(size: int) -> Font:
    """Pillow's built-in TrueType font, so that pictures look the same on every machine."""
    return ImageFont.load_default(size)


@cache
def drawable(text: str, otherwise: str = "") -> str:
    """The text with only characters that the built-in font has; `otherwise` when too few are left to be read."""
    # The font knows little beyond ASCII, and would draw an empty box for each letter it lacks.
    plain = unicodedata.normalize("NFKD", " ".join(text.split()).translate(PLAIN))
    kept = "".join(mark if _has(mark) else "?" for mark in plain if not unicodedata.combining(mark))
    lost = kept.count("?") - plain.count("?")
    return otherwise if otherwise and lost * 3 > len(kept) else kept


def width_of(text: str, size: int) -> int:
    """How many pixels wide the text is drawn."""
    return round(font(size).getlength(text))


def line_height(size: int) -> int:
    """From one line of text to the next."""
    return round(size * 1.35)


def wrap(text: str, size: int, width: int) -> list[str]:
    """Lines that fit the width; a word longer than a line is broken."""
    lines = [""]
    short = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    for word in _pieces(short, size, width):
        longer = f"{lines[-1]} {word}".strip()
        if width_of(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return [line for line in lines if line]


def _pieces(text: str, size: int, width: int) -> Iterator[str]:
    for word in text.split():
        while width_of(word, size) > width and len(word) > 1:
            fits = max(1, next(n for n in range(len(word) - 1, 0, -1) if n == 1 or width_of(word[:n], size) <= width))
            yield word[:fits]
            word = word[fits:]
        yield word


@cache
def _has(mark: str) -> bool:
    return mark == " " or _shape(mark) != _shape("\uffff")


def _shape(mark: str) -> bytes:
    mask = font(32).getmask(mark)
    return bytes(mask) + repr(mask.size).encode()
