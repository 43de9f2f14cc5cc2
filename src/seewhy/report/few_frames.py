"""The frames of a clip side by side: what each gives alone, which few are enough, and what is left without them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..render import fragment
from ..render.moment import at
from ..render.number import number
from ..render.reel import pictured

if TYPE_CHECKING:
    from ..run.motion_table import FewFrames, MotionTable

THUMB, MOST = 112, 32  # pixels of a frame; frames side by side
WIDE, HIGH, LEFT, BELOW = 720, 170, 46, 26  # pixels of the drawing of both curves
ALONE = "The bar over a frame is the score when the model sees this frame alone, shown all the time."


def few_frames(table: MotionTable) -> str:
    """The strip, and the two curves where they were asked for."""
    found = table.frames
    enough = [] if found is None or table.suffice is None else sorted(found.order[: table.suffice])
    needed = [] if found is None or not table.needed else sorted(found.order[: table.needed])
    curves = "" if found is None else _curves(table, found)
    return f"{_strip(table, enough, needed)}{curves}"


def _strip(table: MotionTable, enough: Sequence[int], needed: Sequence[int]) -> str:
    """All frames, or as many as fit with those that are marked among them."""
    count = len(table.stills)
    step = -(-count // MOST)
    chosen = sorted({*range(0, count, step), *enough, *needed, table.best})
    pictures = pictured(table.clip, table.clip, THUMB)
    top = max(*table.stills, table.whole, 1e-12)
    columns = "".join(_column(table, i, pictures[i], top, enough, needed) for i in chosen)
    left = "" if len(chosen) == count else f" {len(chosen)} of {count} frames are shown."
    return (
        f'<figure class="frames"><div class="strip">{columns}</div>'
        f"<figcaption>{ALONE}{_marks(enough, needed)}{left}</figcaption></figure>"
    )


def _marks(enough: Sequence[int], needed: Sequence[int]) -> str:
    """What the marks under the frames mean."""
    words = [f"● {_frames(enough)} kept, all others replaced by the nearest of them: enough"] if enough else []
    words += [f"✕ without {_frames(needed)} less than half is left"] if needed else []
    return f" {'; '.join(words)}." if words else ""


def _frames(which: Sequence[int]) -> str:
    return f"{len(which)} frame{'s' * (len(which) != 1)}"


def _column(
    table: MotionTable, i: int, pixels: NDArray[np.uint8], top: float, enough: Sequence[int], needed: Sequence[int]
) -> str:
    words = f"{at(table.time, table.time.begins[i])}: alone {number(table.stills[i])}"
    high = 100 * max(0.0, table.stills[i]) / top
    bar = (
        f'<svg viewBox="0 0 10 100" preserveAspectRatio="none" class="bars" aria-hidden="true">'
        f'<rect x="1" width="8" y="{100 - high:.1f}" height="{high:.1f}" class="mean"/></svg>'
    )
    signs = ("●" if i in enough else "") + ("✕" if i in needed else "")
    kind = "moment marked" if signs else "moment"
    picture = fragment.picture(Image.fromarray(pixels), words)
    return f'<div class="{kind}" title="{escape(words)}">{bar}{picture}<span>{signs or "&nbsp;"}</span></div>'


def _curves(table: MotionTable, found: FewFrames) -> str:
    """The score by how many of the most useful frames are kept, and by how many are gone."""
    count = len(found.order)
    ends = [0.0, *found.kept, *found.lost]
    low, high = min(ends), max(ends)
    high = high if high > low else low + 1

    def at_point(k: float, value: float) -> str:
        x = LEFT + k / count * (WIDE - 2 * LEFT)
        return f"{x:.1f},{8 + (high - value) / (high - low) * (HIGH - BELOW - 8):.1f}"

    kept = " ".join(at_point(k, value) for k, value in enumerate(found.kept, start=1))
    lost = " ".join(at_point(k, value) for k, value in enumerate(found.lost))
    floor = HIGH - BELOW
    labels = f'<text x="{LEFT - 8}" y="14" text-anchor="end">{escape(number(high))}</text>'
    labels += f'<text x="{LEFT - 8}" y="{floor}" text-anchor="end">{escape(number(low))}</text>'
    labels += f'<text x="{LEFT}" y="{HIGH - 8}">0 frames</text>'
    labels += f'<text x="{WIDE - LEFT}" y="{HIGH - 8}" text-anchor="end">{count} frames</text>'
    axis = f'<line x1="{LEFT}" x2="{WIDE - LEFT}" y1="{floor}" y2="{floor}" class="axis"/>'
    words = f"kept {', '.join(map(number, found.kept))}; gone {', '.join(map(number, found.lost))}"
    return (
        f'<figure><svg class="curves" viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{escape(words, quote=True)}">'
        f'{axis}<polyline points="{kept}" class="kept"/><polyline points="{lost}" class="lost"/>{labels}</svg>'
        f"<figcaption>Solid: the score with only so many of the most useful frames. Dashed: without so many of them. "
        f"{_searched(found.searched)}, the others follow in the order of the last round.</figcaption></figure>"
    )


def _searched(count: int) -> str:
    return "The first one is the best by itself" if count == 1 else f"The first {count} were searched for one by one"
