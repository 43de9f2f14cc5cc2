"""The pictures of a clip in a report: the film playing, each moment with its share and its own map, and their ranks."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ..render import fragment
from ..render.film import clip_of
from ..render.moment import Stretch, curve, highest, span, still_frame
from ..render.number import number
from ..render.ranking import when
from ..render.text import description
from .films import film

if TYPE_CHECKING:
    from ..domain.shot import Shot
    from ..explanation import Explanation

WIDE, THUMB = 480, 96  # pixels of the longer side
MOST = 32  # moments that are shown side by side
EDITS = "the few frames that suffice, and what the model says without motion: run seewhy motion on this clip"


def clip_figures(explanation: Explanation) -> str:
    """The film, beside it the frame that is pointed at, and under both the curve of the evidence over the frames."""
    shots = list(explanation.film(longest=WIDE))
    limits = escape(" ".join(_limits(explanation)))
    played = f'{film(shots, description(explanation))}<p class="small">Colours are on one scale over time. {limits}</p>'
    told = when(explanation)
    ranks = f"<h4>Which moment</h4>{fragment.items([*told, EDITS], empty='')}" if told else ""
    return f'<figure class="moments"><div class="playing">{played}</div>{_moments(explanation, shots)}</figure>{ranks}'


def _moments(explanation: Explanation, shots: list[Shot]) -> str:
    """A bar for each cell of the map over the frames that it looks at; a frame shows its map to who points at it."""
    time, _ = clip_of(explanation)
    stretches = curve(explanation)
    peak, best = highest(stretches), still_frame(explanation)
    chosen = sorted({round(i) for i in np.linspace(0, len(shots) - 1, min(len(shots), MOST))})
    shown = min(chosen, key=lambda i: abs(i - best))
    cells = "".join(
        f'<div class="cell">{_bars(stretches[cell], peak, signed=explanation.signed)}<div class="strip">'
        f"{''.join(_column(explanation, stretches[cell], i, shots[i], best=i == shown) for i in frames)}</div></div>"
        for cell, frames in groupby(chosen, lambda i: i * len(stretches) // len(time))
    )
    left = "" if len(chosen) == len(shots) else f" {len(chosen)} of {len(shots)} frames are shown."
    wide = " A bar is as wide as the frames that its cell of the map looks at." if len(stretches) < len(time) else ""
    doubt = " The line on a bar is its error bar." if explanation.band is not None else ""
    words = "How much of the map lies in each moment; point at a frame, or step to it, to see its map."
    return f'<div class="cells">{cells}</div><figcaption>{words}{wide}{doubt}{left}</figcaption>'


def _column(explanation: Explanation, stretch: Stretch, i: int, shot: Shot, *, best: bool) -> str:
    """One frame; the small picture is without the legend under it."""
    height, width = explanation.geometry.original
    picture, words = Image.fromarray(shot.pixels), _words(explanation, stretch, i)
    small = picture.crop((0, 0, picture.width, round(picture.width * height / width)))
    small.thumbnail((THUMB, THUMB))
    return (
        f'<div class="{"moment best" if best else "moment"}" tabindex="0">{fragment.picture(small, words)}'
        f'<div class="big">{fragment.picture(picture, words)}<p class="small">{escape(words)}</p></div></div>'
    )


def _bars(stretch: Stretch, peak: float, *, signed: bool) -> str:
    """What speaks for the target upwards, and where the map has a sign, what speaks against it downwards."""
    up, down, doubt = (100 * value / peak for value in (stretch.supports, stretch.opposes, stretch.band))
    against = f'<rect x="0.3" width="9.4" y="100" height="{down:.1f}" class="against"/>' if signed else ""
    tips = ([100 - up] if up else []) + ([100 + down] if down and signed else [])
    lines = "".join(f'<line x1="5" x2="5" y1="{tip - doubt:.1f}" y2="{tip + doubt:.1f}"/>' for tip in tips if doubt)
    return (
        f'<svg viewBox="0 0 10 {200 if signed else 100}" preserveAspectRatio="none" class="bars">'
        f'<rect x="0.3" width="9.4" y="{100 - up:.1f}" height="{up:.1f}" class="for"/>{against}{lines}</svg>'
    )


def _words(explanation: Explanation, stretch: Stretch, i: int) -> str:
    """When the frame is shown, and what its cell of the map says, from when to when."""
    time, _ = clip_of(explanation)
    own = span(time, time.begins[i], time.ends[i])
    cell = span(time, stretch.begin, stretch.end)
    doubt = f" ± {number(stretch.band)}" if stretch.band else ""
    sides = {"for": stretch.supports, "against": stretch.opposes}
    if not explanation.signed:
        del sides["against"]
    told = ", ".join(f"{number(held)}{doubt if held else ''} {side}" for side, held in sides.items())
    return f"{own}: {told}" if cell == own else f"{own}, in a cell from {cell}: {told}"


def _limits(explanation: Explanation) -> Iterator[str]:
    """What one cell of the map covers in time, and what the model never saw."""
    time, footage = clip_of(explanation)
    cells = len(explanation.values)
    frames = len(time) / cells
    if frames > 1:
        yield (
            f"One cell of the map covers about {number(frames)} of the model's {len(time)} frames: within these it "
            "cannot tell."
        )
    seen = len(set(time.shown))
    if seen < len(footage):
        yield f"The model saw {seen} of {len(footage)} frames."
