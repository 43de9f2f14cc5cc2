"""The strip under a film: the curve of the evidence in time, drawn as the steps that it is, and what was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from ..domain.timeline import Timeline
from .legend import INK, QUIET
from .lettering import font, line_height, width_of
from .moment import Stretch, at, curve, highest
from .view import AGAINST, FOR

if TYPE_CHECKING:
    from ..explanation import Explanation

HIGH, TICK = 44, 5  # pixels: of the curve, of the mark of a frame that was seen
GROUND = (240, 240, 242)


@dataclass(frozen=True)
class Timestrip:
    """A row under a picture; marks are moments that are shown."""

    time: Timeline
    stretches: list[Stretch]
    signed: bool
    size: int  # of letters
    marks: tuple[float, ...] = ()
    words: str = ""  # about the moment that is shown

    def __call__(self, page: Image.Image, left: int, top: int, width: int) -> int:
        pen = ImageDraw.Draw(page)
        first, last = self.time.drawn
        across = (width - 1) / ((last - first) or 1)

        def x(moment: float) -> int:
            return left + round((moment - first) * across)

        pen.rectangle((left, top, left + width - 1, top + HIGH), fill=GROUND)
        self._steps(pen, x, top)
        under = top + HIGH + 1
        for begin in dict.fromkeys(self.time.begins):
            pen.line([(x(begin), under), (x(begin), under + TICK)], fill=QUIET)
        for mark in self.marks:
            pen.line([(x(mark), top), (x(mark), under + TICK)], fill=INK, width=2)
        self._letters(pen, left, under + TICK + 2, width, x)
        return HIGH + 1 + TICK + 2 + line_height(self.size)

    def _steps(self, pen: ImageDraw.ImageDraw, x: Callable[[float], int], top: int) -> None:
        peak, zero = highest(self.stretches), top + HIGH // 2 if self.signed else top + HIGH
        room, ways = zero - top - 2, ((FOR, -1), (AGAINST, 1))
        for stretch in self.stretches:
            left, right = x(stretch.begin), max(x(stretch.end) - 1, x(stretch.begin))
            for value, (colour, way) in zip((stretch.supports, stretch.opposes), ways, strict=True):
                if value > 0 and (self.signed or way < 0):
                    tip, doubt = zero + way * round(room * value / peak), round(room * stretch.band / peak)
                    pen.rectangle((left, min(zero, tip), right, max(zero, tip)), fill=colour)
                    ends = (max(top, tip - doubt), min(top + HIGH, tip + doubt))
                    pen.line([((left + right) // 2, y) for y in ends], fill=INK, width=2 * (doubt > 0))
        if self.signed:
            pen.line([(x(self.time.drawn[0]), zero), (x(self.time.drawn[1]), zero)], fill=QUIET)

    def _letters(self, pen: ImageDraw.ImageDraw, left: int, top: int, width: int, x: Callable[[float], int]) -> None:
        begin, end = (at(self.time, edge) for edge in self.time.drawn)
        end = end if self.time.unit == "s" else f"of {self.time.frames}"
        right = left + width - width_of(end, self.size)
        pen.text((right, top), end, fill=QUIET, font=font(self.size))
        if len(self.marks) != 1:
            pen.text((left, top), begin, fill=QUIET, font=font(self.size))
            return
        words = " ".join(filter(None, (at(self.time, self.marks[0]), self.words)))
        place = x(self.marks[0]) - width_of(words, self.size) // 2
        place = max(left, min(place, right - 8 - width_of(words, self.size)))
        pen.text((place, top), words, fill=INK, font=font(self.size))


def strip(explanation: Explanation, size: int, *marks: float, words: str = "") -> Timestrip:
    """The curve in time, with letters of this size."""
    assert explanation.geometry.time is not None
    return Timestrip(explanation.geometry.time, curve(explanation), explanation.signed, size, marks, words)
