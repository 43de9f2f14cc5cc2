"""The pictures of a clip in a report: the film playing, and under it each moment with its share and its own map."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ..render import fragment
from ..render.film import clip_of
from ..render.moment import Stretch, curve, span, telling_frame
from ..render.number import number
from ..render.text import description

if TYPE_CHECKING:
    from ..domain.shot import Shot
    from ..explanation import Explanation

WIDE, THUMB = 480, 96  # pixels of the longer side
MOST = 32  # moments that are shown side by side


def clip_figures(explanation: Explanation) -> str:
    """The film, then the curve of the evidence in time over the frames; a frame under the pointer shows its map."""
    shots = list(explanation.film(longest=WIDE))
    told = description(explanation)
    return (
        f"<figure>{_film(shots, told)}<figcaption>The clip with its map, colours on one scale over time. "
        f"{escape(' '.join(_limits(explanation)))}</figcaption></figure>{_moments(explanation, shots)}"
    )


def _film(shots: list[Shot], told: str) -> str:
    """As MP4 where PyAV is installed, otherwise as GIF."""
    from ..store.movie import playable, write

    suffix = playable()
    with tempfile.TemporaryDirectory() as folder:
        data = base64.b64encode(write(shots, Path(folder) / f"film{suffix}").read_bytes()).decode()
    if suffix == ".gif":
        return f'<img src="data:image/gif;base64,{data}" alt="{escape(told)}">'
    height, width = shots[0].pixels.shape[:2]
    size = f'width="{width}" height="{height}"'
    return (
        f'<video controls loop muted autoplay playsinline {size} aria-label="{escape(told)}" '
        f'src="data:video/mp4;base64,{data}"></video>'
    )


def _moments(explanation: Explanation, shots: list[Shot]) -> str:
    """A column for each frame: how much speaks for and against then, the frame, and its map for who points at it."""
    time, _ = clip_of(explanation)
    stretches = curve(explanation)
    best = telling_frame(explanation) or 0
    peak = max((max(s.supports, s.opposes) for s in stretches), default=0.0) or 1.0
    chosen = sorted({round(i) for i in np.linspace(0, len(shots) - 1, min(len(shots), MOST))})
    shown = min(chosen, key=lambda i: abs(i - best))
    height, width = explanation.geometry.original

    def column(i: int) -> str:
        stretch, when = _during(stretches, time.begins[i]), span(time, time.begins[i], time.ends[i])
        bars, words = _bars(stretch, peak, signed=explanation.signed), _words(stretch, when, explanation.signed)
        return _column(shots[i], width / height, bars, words, best=i == shown)

    columns = "".join(map(column, chosen))
    left = "" if len(chosen) == len(shots) else f" {len(chosen)} of {len(shots)} frames are shown."
    words = f"How much of the map lies in each moment; point at a frame, or step to it, to see its map.{left}"
    return f'<figure class="moments"><div class="strip">{columns}</div><figcaption>{words}</figcaption></figure>'


def _column(shot: Shot, aspect: float, bars: str, words: str, *, best: bool) -> str:
    """One moment; the small picture is the frame alone, without the legend under it."""
    picture = Image.fromarray(shot.pixels)
    small = picture.crop((0, 0, picture.width, round(picture.width / aspect)))
    small.thumbnail((THUMB, THUMB))
    return (
        f'<div class="{"moment best" if best else "moment"}" tabindex="0">{bars}{fragment.picture(small, words)}'
        f'<div class="big">{fragment.picture(picture, words)}<p class="small">{escape(words)}</p></div></div>'
    )


def _bars(stretch: Stretch, peak: float, *, signed: bool) -> str:
    """What speaks for the target upwards, and where the map has a sign, what speaks against it downwards."""
    up, down = (100 * value / peak for value in (stretch.supports, stretch.opposes))
    against = f'<rect x="1" width="8" y="100" height="{down:.1f}" class="against"/>' if signed else ""
    return (
        f'<svg viewBox="0 0 10 {200 if signed else 100}" preserveAspectRatio="none" class="bars">'
        f'<rect x="1" width="8" y="{100 - up:.1f}" height="{up:.1f}" class="for"/>{against}</svg>'
    )


def _words(stretch: Stretch, when: str, signed: bool) -> str:
    against = f", {number(stretch.opposes)} against" if signed else ""
    return f"{when}: {number(stretch.supports)} for{against}"


def _during(stretches: list[Stretch], moment: float) -> Stretch:
    """The cell of the map that looks at a moment most closely."""
    return min(stretches, key=lambda s: abs((s.begin + s.end) / 2 - moment) if s.begin <= moment < s.end else 1e9)


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
