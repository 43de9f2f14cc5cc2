"""The legend under a picture: colour bar with numbers and words, what was asked, and a key for every sign."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from .colour import ROBUST, ramp
from .frame import Frame
from .lettering import drawable, font, line_height, width_of, wrap
from .number import number, percent
from .number import signed as with_sign
from .view import AGAINST, FOR, OUTLINE, Drawn, hatched

if TYPE_CHECKING:
    from ..explanation import Explanation

MARGIN, NARROWEST = 10, 400  # a legend needs some width, however narrow the photo
PAPER, INK, QUIET = (255, 255, 255), (28, 28, 30), (88, 88, 94)
Row = Callable[[Image.Image, int, int, int], int]  # draws at (left, top, width) and answers its height


@dataclass(frozen=True)
class Text:
    """A paragraph, with a swatch in front of it where it explains a sign."""

    words: str
    size: int
    colour: tuple[int, int, int] = INK
    swatch: str = ""

    def __call__(self, page: Image.Image, left: int, top: int, width: int) -> int:
        indent = 2 * self.size + 8 if self.swatch else 0
        rows = wrap(drawable(self.words), self.size, width - indent)
        pen = ImageDraw.Draw(page)
        for i, words in enumerate(rows):
            at = (left + indent, top + i * line_height(self.size))
            pen.text(at, words, fill=self.colour, font=font(self.size))
        if self.swatch:
            _swatch(page, self.swatch, left, top, self.size)
        return len(rows) * line_height(self.size)


@dataclass(frozen=True)
class Bar:
    """The colour bar with its numbers and words."""

    label: str
    scale: float
    signed: bool
    size: int

    def __call__(self, page: Image.Image, left: int, top: int, width: int) -> int:
        colours = ramp("diverging" if self.signed else "sequential")
        strip = Image.fromarray(colours[None]).resize((width, self.size))
        page.paste(strip, (left, top))
        pen, under = ImageDraw.Draw(page), top + self.size + 4
        low, middle, high = self._words(width)
        pen.text((left, under), low, fill=INK, font=font(self.size))
        pen.text((left + width - width_of(high, self.size), under), high, fill=INK, font=font(self.size))
        centre = left + width // 2
        pen.text((centre - width_of(middle, self.size) // 2, under), middle, fill=INK, font=font(self.size))
        for side in (-1, 1) if self.signed else (1,):
            _arrow(pen, centre + side * self.size, under + line_height(self.size) // 2 - 1, side, self.size)
        return self.size + 4 + line_height(self.size)

    def _words(self, width: int) -> tuple[str, str, str]:
        if not self.signed:
            return "0  little", "", f"much  {drawable(number(self.scale))}"
        end = drawable(with_sign(self.scale))
        for label in (f" {self.label}", " it", ""):
            low, high = f"{drawable(with_sign(-self.scale))}  against{label}", f"for{label}  {end}"
            if max(width_of(low, self.size), width_of(high, self.size)) < width / 2 - 2 * self.size:
                return low, "0", high
        return drawable(with_sign(-self.scale)), "0", end


def legend(explanation: Explanation, drawn: Drawn, frame: Frame, *, scale: float, own: bool) -> list[Row]:
    """The rows that explain one picture; `own` tells that the scale was read off this very map."""
    size = text_size(frame.size[1])
    rows: list[Row] = [Text(question(explanation), size + 1)]
    if drawn.colours:
        if scale > 0:
            label = asked_label(explanation)
            rows.append(Bar(label, scale, explanation.signed, size))
        rows.append(Text(_scale_words(scale, own) if scale > 0 else nothing(explanation), size - 1, QUIET))
        if explanation.zero:
            words = f"measured from {number(explanation.zero)}, which speaks neither for nor against"
            rows.append(Text(words, size - 1, QUIET))
    rows += [Text(words, size - 1, QUIET, swatch) for swatch, words in drawn.keys]
    if not frame.seen.all():
        unseen, noun = percent(1 - float(frame.seen.mean())), "picture" if explanation.geometry.time else "photo"
        rows.append(Text(f"not seen by the model: {unseen} of the {noun}", size - 1, QUIET, "hatch"))
    if footprint := _footprint(explanation):
        rows.append(Text(footprint, size - 1, QUIET))
    return rows


def _footprint(explanation: Explanation) -> str:
    """How much of a clip one cell of its map looks at."""
    time = explanation.geometry.time
    if time is None:
        moments = len(explanation.values)
        return f"the middle one of {moments} moments of the clip" if explanation.values.ndim == 3 else ""
    each = len(time) / len(explanation.values)
    frames = f"{int(time.seen_mask().sum())} of {time.frames} frames seen"
    return frames if each <= 1 else f"{frames}; one cell of the map covers {each:.2g} of the model's"


def stack(
    picture: Image.Image, rows: Sequence[Row], *, narrowest: int = NARROWEST, margin: int = MARGIN
) -> Image.Image:
    """The picture on white paper with the rows under it."""
    width = max(picture.width, narrowest)
    page = Image.new("RGB", (width, 2000), PAPER)  # rows tell their height when they are drawn
    top = MARGIN
    for row in rows:
        top += row(page, margin, top, width - 2 * margin) + 4
    whole = Image.new("RGB", (width, picture.height + top + MARGIN - 4), PAPER)
    whole.paste(picture, ((width - picture.width) // 2, 0))
    whole.paste(page.crop((0, 0, width, top + MARGIN - 4)), (0, picture.height))
    return whole


def question(explanation: Explanation) -> str:
    """Method and target in a line."""
    if explanation.class_blind:
        return f"{explanation.origin.method}: whatever the class"
    asked = explanation.target
    than = f" rather than “{_against(explanation)}”" if asked.against is not None else ""
    return f"{explanation.origin.method}: “{asked_label(explanation)}”{than} ({asked.scale})"


def asked_label(explanation: Explanation) -> str:
    """The target's name, or its number where the letters cannot be drawn."""
    asked = explanation.target
    return drawable(asked.label, otherwise="" if asked.index is None else f"class {asked.index}")


def text_size(width: int) -> int:
    """Larger pictures are shown smaller, so their letters must be larger."""
    return max(14, min(22, width // 36))


def _against(explanation: Explanation) -> str:
    asked = explanation.target
    return drawable(asked.against_label or "", otherwise=f"class {asked.against}") or f"class {asked.against}"


def nothing(explanation: Explanation) -> str:
    """Why a picture has no colours."""
    elsewhere = explanation.geometry.time is not None and np.nan_to_num(explanation.values - explanation.zero).any()
    where = "on this frame" if elsewhere else "everywhere"
    return f"the map is zero {where}: there is nothing to colour"


def _scale_words(scale: float, own: bool) -> str:
    return f"full colour at {number(scale)} and beyond" + (f" ({ROBUST}th percentile of this map)" if own else "")


def _arrow(pen: ImageDraw.ImageDraw, x: int, y: int, side: int, size: int) -> None:
    half = size // 4
    pen.polygon([(x + side * half, y), (x - side * half, y - half), (x - side * half, y + half)], fill=QUIET)


def _swatch(page: Image.Image, kind: str, left: int, top: int, size: int) -> None:
    wide, high = 2 * size, size
    if kind == "hatch":
        grey = np.full((high, wide, 3), 120, np.uint8)
        page.paste(Image.fromarray(hatched(grey, np.zeros((high, wide), bool))), (left, top + 2))
        return
    pen, middle = ImageDraw.Draw(page), top + line_height(size) // 2
    colour = {"solid": FOR, "dashed": AGAINST, "outline": OUTLINE}[kind]
    stretches = ((0, wide * 2 // 5), (wide * 3 // 5, wide)) if kind == "dashed" else ((0, wide),)
    for start, end in stretches:
        pen.line([(left + start, middle), (left + end, middle)], fill=colour, width=3)
