"""A page on one clip before one model: what it says to edits, which frames it needs, and what flips its answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import BadOption
from ..render import fragment
from ..render.number import number
from ..render.reel import reel
from .edit_rows import edit_rows
from .few_frames import few_frames
from .films import film
from .flips import flips_section
from .html import document, write_whole

if TYPE_CHECKING:
    from ..run.motion_table import MotionTable
    from ..run.what_if import WhatIf

TITLE = "Motion, appearance or background?"
FRAMES_SEEN = "The films show what the model sees: its frames, in its size."
LIMITS = (
    "An edited clip may be unlike anything that the model has learned; then its answer tells of that, too.",
    "That one frame is not enough does not say that motion is needed: several moments may be.",
    "Shuffling makes jumps. Playing backwards makes none: believe what both say.",
    "A small edit that flips the answer was found by a search; a smaller one may exist.",
    "All of this is about this clip and this model. Another clip can give another answer.",
)


def write_motion_report(path: str | Path, *, table: MotionTable | None = None, flips: WhatIf | None = None) -> Path:
    """One self-contained HTML file on what `motion` found, what `what_if` found, or both about the same clip."""
    return write_whole(Path(path), page(table, flips))


def page(table: MotionTable | None, flips: WhatIf | None) -> str:
    """The whole document."""
    first = table or flips
    if first is None:
        raise BadOption("There is nothing to report.", fix="give a table of seewhy.motion, or flips of seewhy.what_if.")
    if table and flips and (table.name, table.model) != (flips.name, flips.model):
        names = " and ".join(f"{one.name!r} before {one.model}" for one in (table, flips))
        raise BadOption(f"The table and the flips are about {names}.", fix="report what belongs together.")
    limits = f'<section class="limits"><h2>What this cannot tell</h2>{fragment.items(LIMITS, empty="")}</section>'
    made = f"<section><h2>How it was made</h2>{''.join(_made(one) for one in (table, flips) if one)}</section>"
    main = "".join([*_sections(table), *([flips_section(flips, first=table is None)] if flips else []), limits, made])
    return document(TITLE, f"{escape(first.name)} before {escape(first.model)}", main)


def _sections(table: MotionTable | None) -> Iterator[str]:
    """Of the table: the sentences beside the clip, the edits, the frames."""
    if table is None:
        return
    decision, *rest = table.summary().split("\n")
    told = f"The clip {table.name} as the model sees it."
    yield (
        f'<section><h2 class="first">What may be concluded</h2><p class="decision">{escape(decision)}</p>'
        f'<div class="beside"><figure>{film(reel(table.clip, table.time, longest=256), told)}'
        f"<figcaption>{FRAMES_SEEN}</figcaption></figure>{fragment.items(rest, empty='')}</div></section>"
    )
    yield f"<section><h2>What the model says to edits of the clip</h2>{edit_rows(table)}</section>"
    yield f"<section><h2>Which frames are enough, and which are needed</h2>{few_frames(table)}</section>"


def _made(found: MotionTable | WhatIf) -> str:
    """What is needed to ask the same again."""
    seen = len(set(found.time.shown))
    pairs = {
        "model": found.model,
        "clip": f"{found.name}: the model saw {seen} of {found.time.frames} frames",
        "input of the model": " × ".join(map(str, found.clip.shape)),
        "settings": json.dumps(dict(found.settings)),
        "cost": f"{found.cost} of at most {found.expected}, {number(found.seconds)} s",
    }
    return fragment.facts(
        pairs, caption=type(found).__name__.replace("MotionTable", "Edits").replace("WhatIf", "Flips")
    )
