"""One picture of one explanation: the whole original photo with the map on it and a legend under it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import BadOption, near
from .frame import CELLS, Frame, averaged, frame
from .legend import Row, legend, stack, text_size
from .moment import only_in_time, still_frame
from .outline import outlined
from .timestrip import strip
from .view import VIEWS, Drawn, hatched

if TYPE_CHECKING:
    from ..explanation import Explanation


RIM = 0.04  # of the longer side


def overlay(
    explanation: Explanation,
    *,
    view: str = "heat",
    legend: bool = True,
    scale: float | None = None,
    longest: int | None = None,
) -> Image.Image:
    """The original photo with the map on it; `scale` is the value of full colour, for maps to be compared."""
    framed = frame(explanation, known(view), longest=longest)
    full = framed.scale if scale is None else positive(scale)
    drawn = draw(explanation, framed, view=view, scale=full)
    picture = Image.fromarray(drawn.rgb)
    if not legend:
        return picture
    rows = _legend(explanation, drawn, framed, scale=full, own=scale is None)
    return stack(picture, [*_moment(explanation, framed), *rows])


def _moment(explanation: Explanation, framed: Frame) -> list[Row]:
    """Of a clip when the frame is shown that is drawn, on the curve of the evidence in time."""
    time = explanation.geometry.time
    if time is None:
        return []
    return [strip(explanation, text_size(framed.size[1]) - 1, time.begins[still_frame(explanation)])]


def draw(explanation: Explanation, framed: Frame, *, view: str, scale: float) -> Drawn:
    """One view of its frame, with what the model did not see and what was asked about marked."""
    drawn = VIEWS[known(view)](framed, scale, explanation.signed)
    if view == "heat" and only_in_time(explanation):
        drawn = replace(drawn, rgb=_around(framed, VIEWS["map"](framed, scale, explanation.signed).rgb))
    if view == "photo":
        return drawn
    note = ("", f"averaged over 1/{CELLS[view]} of the longer side") if averaged(explanation, view) else None
    drawn = replace(drawn, rgb=hatched(drawn.rgb, framed.seen), keys=(*drawn.keys, *([note] if note else [])))
    marked = explanation.marked
    return drawn if marked is None else outlined(drawn, marked, explanation.picture.size)


def _around(framed: Frame, colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A map that tells no places colours only the rim of what was seen, and covers nothing."""
    rows, columns = (np.flatnonzero(framed.seen.any(axis=axis)) for axis in (1, 0))
    rim, found = max(2, round(RIM * max(framed.size))), colours.copy()
    inside = slice(rows[0] + rim, rows[-1] + 1 - rim), slice(columns[0] + rim, columns[-1] + 1 - rim)
    found[inside] = framed.photo[inside]
    return found


def known(view: str) -> str:
    """The name of a view, or an error that lists them."""
    if view not in VIEWS:
        raise BadOption(f"There is no view {view!r}.{near(view, VIEWS)}", fix=f"choose one of: {', '.join(VIEWS)}.")
    return view


def positive(scale: float) -> float:
    """A value of full colour that can be one."""
    if not scale >= 0:
        raise BadOption(f"The scale {scale!r} cannot be the value of full colour.", fix="give a positive number.")
    return scale


_legend = legend  # the keyword of `overlay` hides the function
