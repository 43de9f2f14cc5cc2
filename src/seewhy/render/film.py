"""A clip with its map, picture by picture: one scale over time, and under each picture where in time it lies."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..domain.footage import Footage
from ..domain.shot import Shot
from ..domain.timeline import Timeline
from ..errors import BadOption
from .colour import scale_of
from .frame import Frame, frame, pictured, resized
from .legend import Row, legend, stack, text_size
from .moment import PLAYED
from .overlay import draw, known, positive
from .timestrip import strip
from .view import greyed

if TYPE_CHECKING:
    from ..explanation import Explanation

COARSE = 64  # positions a side at which the scale over time is read off
DIM = 0.6  # how bright a frame is shown that the model never saw


def film(
    explanation: Explanation,
    *,
    view: str = "heat",
    scale: float | None = None,
    every: bool = False,
    longest: int | None = None,
) -> Iterator[Shot]:
    """Each frame that the model saw, until the next one; `every` shows the others too, grey and without a map."""
    time, footage = clip_of(explanation)
    full = scale_over_time(explanation, known(view)) if scale is None else positive(scale)
    reel = _every(time, footage) if every else _seen(time, footage)
    return (_shot(explanation, view, full, longest, *one) for one in reel)


def clip_of(explanation: Explanation) -> tuple[Timeline, Footage]:
    """The time axis and the frames."""
    time, footage = explanation.geometry.time, explanation.footage
    if time is None or footage is None:
        problem = f"{explanation.picture.name!r} is a photo: it has no frames."
        raise BadOption(problem, fix="use overlay(), or explain a clip.")
    return time, footage


def scale_over_time(explanation: Explanation, view: str) -> float:
    """The value of full colour that all frames share."""
    assert explanation.geometry.time is not None
    heats = (pictured(explanation, view, of=i) for i in range(len(explanation.geometry.time)))
    return scale_of(*(_coarse(heat) for heat in heats))


def _coarse(heat: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = heat.shape
    factor = COARSE / max(height, width)
    if factor >= 1:
        return heat
    to = (max(1, round(width * factor)), max(1, round(height * factor)))
    return resized(heat, to, Image.Resampling.BOX)


Piece = tuple[int | None, NDArray[np.uint8], float, float]  # model frame, pixels, begin, end


def _seen(time: Timeline, footage: Footage) -> Iterator[Piece]:
    """The frames that the model saw, each until the next; one that it saw several times is shown as often."""
    runs = [[i for i, _ in same] for _, same in groupby(enumerate(time.shown), key=lambda pair: pair[1])]
    begins = [*(time.begins[run[0]] for run in runs), time.ends[-1]]
    for number, (run, pixels) in enumerate(zip(runs, footage.frames(sorted(set(time.shown))), strict=True)):
        edges = np.linspace(begins[number], begins[number + 1], len(run) + 1)
        for i, (begin, end) in zip(run, pairwise(edges), strict=True):
            yield i, pixels, float(begin), float(end)


def _every(time: Timeline, footage: Footage) -> Iterator[Piece]:
    ends = [*footage.times[1:], footage.end]
    for number, pixels in enumerate(footage.frames(range(len(footage)))):
        yield time.model_frame(number), pixels, float(footage.times[number]), float(ends[number])


def _shot(
    explanation: Explanation,
    view: str,
    scale: float,
    longest: int | None,
    of: int | None,
    pixels: NDArray[np.uint8],
    begin: float,
    end: float,
) -> Shot:
    assert explanation.geometry.time is not None
    framed = frame(explanation, view, longest=longest, of=of, pixels=pixels)
    drawn = draw(explanation, framed, view=view, scale=scale)
    page = Image.fromarray(drawn.rgb if of is not None else unseen(framed))
    played = PLAYED[explanation.geometry.time.unit]
    words = "" if of is not None else "not seen by the model"
    rows: list[Row] = [
        strip(explanation, text_size(framed.size[1]) - 1, begin, words=words),
        *legend(explanation, drawn, framed, scale=scale, own=False),
    ]
    return Shot(begin * played, end * played, np.asarray(stack(page, rows)))


def unseen(framed: Frame) -> NDArray[np.uint8]:
    """A frame that the model did not look at: grey and darker."""
    return np.asarray(np.rint(greyed(framed.photo, 1.0) * DIM), np.uint8)
