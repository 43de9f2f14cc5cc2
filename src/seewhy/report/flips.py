"""What would have changed the answer: the smallest edit before and after, and all that was tried."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from ..render import fragment
from ..render.moment import at
from ..render.number import number, percent
from ..render.number import signed as with_sign
from ..render.reel import reel
from ..render.what_if import told
from .films import film

if TYPE_CHECKING:
    from ..run.flipping import Change
    from ..run.what_if import WhatIf

LARGE, SMALL = 320, 112  # pixels of a film's longer side
AHEAD = "by how much the answer to the clip is ahead"


def flips_section(found: WhatIf, *, first: bool) -> str:
    """Sentences, the smallest edit, and the table of the others."""
    start = ' class="first"' if first else ""
    decision, *rest = found.summary().split("\n")
    return (
        f'<section><h2{start}>What would have changed the answer</h2><p class="decision">{escape(decision)}</p>'
        f"{_smallest(found)}{fragment.items(rest, empty='')}{_frozen(found)}{_tried(found)}</section>"
    )


def _smallest(found: WhatIf) -> str:
    """Before and after, playing side by side."""
    change = found.smallest
    if change is None:
        return ""
    before = _film(found, None, f"as it is: “{found.answer}”")
    return f'<div class="twins">{before}{_film(found, change, f"{told(change, found.time)}: “{change.answer}”")}</div>'


def _film(found: WhatIf, change: Change | None, words: str) -> str:
    clip = found.clip if change is None else change.edit(found.clip)
    shots = reel(clip, found.time, like=found.clip, longest=LARGE)
    return f"<figure>{film(shots, words)}<figcaption>{escape(words)}</figcaption></figure>"


def _frozen(found: WhatIf) -> str:
    """From which frame on standing still flips the answer: a column per frame."""
    tries = found.of("frozen")
    peak = max((abs(one.margin) for one in tries), default=0.0) or 1.0
    columns = "".join(_column(found, one, peak) for one in tries)
    words = (
        f"Frozen from each frame on: {AHEAD} of all others then. Columns that go down are flips. "
        "The last frame has nothing to freeze."
    )
    return f'<figure class="frames"><div class="strip">{columns}</div><figcaption>{words}</figcaption></figure>'


def _column(found: WhatIf, one: Change, peak: float) -> str:
    size, when = 100 * abs(one.margin) / peak, at(found.time, found.time.begins[one.frames[0] - 1])
    words = escape(f"frozen from {when} on: {one.answer}, {with_sign(one.margin)}", quote=True)
    kind, top = ("against", 100.0) if one.flips else ("for", 100 - size)
    return (
        f'<div class="moment" title="{words}"><svg viewBox="0 0 10 200" preserveAspectRatio="none" class="bars" '
        f'role="img" aria-label="{words}"><rect x="1" width="8" y="{top:.1f}" height="{size:.1f}" class="{kind}"/>'
        '<line x1="0" x2="10" y1="100" y2="100" class="zero"/></svg></div>'
    )


def _tried(found: WhatIf) -> str:
    """All other edits, each playing."""
    rows = "".join(_row(found, one) for one in found.tried if one.kind != "frozen")
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("edit", "", "share of the clip", "the model answers"))
    return (
        f'<table class="edits"><thead><tr>{heads}<th scope="col">ahead by</th></tr></thead><tbody>{rows}</tbody></table>'
        f'<p class="small">Ahead by: {AHEAD} of all others, in outputs of the model; it flips below 0. A row that stays '
        "shows the most that was changed.</p>"
    )


def _row(found: WhatIf, one: Change) -> str:
    words = told(one, found.time)
    played = film(reel(one.edit(found.clip), found.time, like=found.clip, longest=SMALL), words)
    answer = f"{one.answer}{': it flips' if one.flips else ''}"
    cells = "".join(f"<td>{escape(cell)}</td>" for cell in (percent(one.share), answer, with_sign(one.margin)))
    return f'<tr><td>{played}</td><th scope="row">{escape(words)}</th>{cells}</tr>'
