"""One picture of one explanation: the whole original photo with the map on it and a legend under it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image

from ..errors import BadOption, near
from .colour import scale_of
from .frame import Frame, frame, softened, still
from .legend import legend, stack
from .view import VIEWS, Drawn, hatched

if TYPE_CHECKING:
    from ..explanation import Explanation

FINE = 50  # a map with more positions a side than this is averaged over places before outlines are drawn


def overlay(
    explanation: Explanation,
    *,
    view: str = "heat",
    legend: bool = True,
    scale: float | None = None,
    longest: int | None = None,
) -> Image.Image:
    """The original photo with the map on it; `scale` is the value of full colour, for maps to be compared."""
    framed = frame(explanation, longest=longest)
    full = scale_of(still(explanation.heatmap())) if scale is None else _positive(scale)
    drawn = draw(explanation, framed, view=view, scale=full)
    picture = Image.fromarray(drawn.rgb)
    return stack(picture, _legend(explanation, drawn, framed, scale=full, own=scale is None)) if legend else picture


def draw(explanation: Explanation, framed: Frame, *, view: str, scale: float) -> Drawn:
    """One view of a frame, with what the model did not see marked."""
    if view not in VIEWS:
        raise BadOption(f"There is no view {view!r}.{near(view, VIEWS)}", fix=f"choose one of: {', '.join(VIEWS)}.")
    if view in ("contour", "regions") and explanation.parts is None and max(explanation.values.shape) > FINE:
        framed = replace(framed, heat=softened(framed.heat, cells=24))
    drawn = VIEWS[view](framed, scale, explanation.signed)
    return drawn if view == "photo" else replace(drawn, rgb=hatched(drawn.rgb, framed.seen))


def _positive(scale: float) -> float:
    if not scale >= 0:
        raise BadOption(f"The scale {scale!r} cannot be the value of full colour.", fix="give a positive number.")
    return scale


_legend = legend  # the keyword of `overlay` hides the function
