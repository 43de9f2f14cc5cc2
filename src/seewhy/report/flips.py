"""What would have changed the answer: the smallest edit before and after, and all that was tried."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..render import fragment
from ..render.moment import at
from ..render.number import percent
from ..render.number import signed as with_sign
from ..render.reel import pictured, reel
from ..render.what_if import told
from .films import film

if TYPE_CHECKING:
    from ..run.flipping import Change
    from ..run.what_if import WhatIf

LARGE, SMALL, THUMB = 320, 112, 64  # pixels of a longer side: of films, of a frame
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
    tries, pictures = found.of("frozen"), pictured(found.clip, found.clip, THUMB)
    peak = max((abs(one.margin) for one in tries), default=0.0) or 1.0
    deep = 200 if any(one.flips for one in tries) else 100  # room for columns that go down
    columns = "".join(_column(found, one, peak, deep, pictures[one.frames[0] - 1]) for one in tries)
    words = (
        f"Frozen from this frame on: {AHEAD} of all others then. Columns that go down are flips. "
        "From the last frame on there is nothing to freeze."
    )
    return f'<figure class="frames"><div class="strip">{columns}</div><figcaption>{words}</figcaption></figure>'


def _column(found: WhatIf, one: Change, peak: float, deep: int, pixels: NDArray[np.uint8]) -> str:
    size, when = 100 * abs(one.margin) / peak, at(found.time, found.time.begins[one.frames[0] - 1])
    words = f"frozen from {when} on: {one.answer}, {with_sign(one.margin)}"
    kind, top = ("against", 100.0) if one.flips else ("for", 100 - size)
    return (
        f'<div class="moment" title="{escape(words)}"><svg viewBox="0 0 10 {deep}" preserveAspectRatio="none" '
        f'class="bars" aria-hidden="true"><rect x="1" width="8" y="{top:.1f}" height="{size:.1f}" class="{kind}"/>'
        f"</svg>{fragment.picture(Image.fromarray(pixels), words)}</div>"
    )


def _tried(found: WhatIf) -> str:
    """All other edits, each playing."""
    rows = "".join(_row(found, one) for one in found.tried if one.kind != "frozen")
    names = ("edit", "", "share of the clip", "the model answers", "ahead by")
    heads = "".join(f'<th scope="col">{name}</th>' for name in names)
    return (
        f'<table class="edits"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        f'<p class="small">Ahead by: {AHEAD} of all others, in outputs of the model; it flips below 0. A row that '
        "stays shows the most that was changed.</p>"
    )


def _row(found: WhatIf, one: Change) -> str:
    words = told(one, found.time)
    played = film(reel(one.edit(found.clip), found.time, like=found.clip, longest=SMALL), words)
    answer = f"{one.answer}{': it flips' if one.flips else ''}"
    kind = ' class="flips"' if one.flips else ""
    return (
        f'<tr{kind}><td>{played}</td><th scope="row">{escape(words)}</th>'
        f'<td>{percent(one.share)}</td><td class="told">{escape(answer)}</td>'
        f'<td class="told">{with_sign(one.margin)}</td></tr>'
    )
