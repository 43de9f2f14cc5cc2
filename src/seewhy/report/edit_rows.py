"""The edits of a clip, one below the other: each playing, with the model's score as a bar and what it answers."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from ..render.motion import bounded
from ..render.number import number
from ..render.reel import reel
from .films import film

if TYPE_CHECKING:
    from ..run.motion_table import EditRow, MotionTable

WIDE, SIDE, ROOM = 300, 128, 8  # pixels: of a bar's drawing, of a film, at both ends of a bar
EXPLAINED = (
    "The bar is the mean score, each small line the score of one edited clip, the black line the 95 % interval of the "
    "mean over the orders that were drawn. Dashed: the score of the clip itself"
)


def edit_rows(table: MotionTable) -> str:
    """A row per kind of edit; of several clips the one is shown that tells most."""
    chance = "" if table.chance is None else f"; dotted: of a guess, {number(table.chance)}"
    rows = "".join(_row(table, row) for row in table.rows)
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in ("edit", "", f"{table.scale} of {table.target}"))
    return (
        f'<table class="edits"><thead><tr>{heads}<th scope="col">the model answers</th></tr></thead>'
        f'<tbody>{rows}</tbody></table><p class="small">{EXPLAINED}{chance}.</p>'
    )


def _row(table: MotionTable, row: EditRow) -> str:
    told = f"{row.name}: {row.shows}"
    played = film(reel(row.edits[shown(row)](table.clip), table.time, like=table.clip, longest=SIDE), told)
    kind = ' class="flips"' if row.flips == len(row.scores) else ""
    return (
        f"<tr{kind}><td>{played}</td>"
        f'<th scope="row">{escape(row.name)}<p class="small">{escape(row.shows)}{_which(row)}</p></th>'
        f'<td>{_bar(table, row)}<br><span class="small">{escape(bounded(row.interval))}</span></td>'
        f'<td class="told">{escape(_answer(row))}</td></tr>'
    )


def shown(row: EditRow) -> int:
    """Of frames shown by themselves the best one, of all other edits the one with the lowest score."""
    best = max if row.name == "single frames" else min
    return row.scores.index(best(row.scores))


def _which(row: EditRow) -> str:
    if len(row.scores) == 1:
        return ""
    best = "the highest" if row.name == "single frames" else "the lowest"
    return f"; here the one of {len(row.scores)} with {best} score"


def _answer(row: EditRow) -> str:
    if not any(row.answers):
        return "–"
    if len(row.scores) == 1:
        return row.answers[0] + ("" if not row.flips else ": it flips")
    if not row.flips:
        return f"{row.answers[0]}, all {len(row.scores)} times"
    return f"something else for {row.flips} of {len(row.scores)}"


def _bar(table: MotionTable, row: EditRow) -> str:
    """Mean, single scores, interval, and the two scores that it is read against."""
    low, high = _range(table)

    def x(value: float) -> float:
        return ROOM + (value - low) / (high - low) * (WIDE - 2 * ROOM)

    zero, end, interval = x(min(max(0.0, low), high)), x(row.score), row.interval
    bar = f'<rect x="{min(zero, end):.1f}" y="7" width="{abs(end - zero):.1f}" height="14" class="mean"/>'
    each = "".join(_line(x(score), 4, 24, "one") for score in row.scores) if len(row.scores) > 1 else ""
    sure = ""
    if interval.known and interval.high > interval.low:
        ends = f'x1="{x(interval.low):.1f}" x2="{x(interval.high):.1f}"'
        sure = f'<line {ends} y1="14" y2="14" class="sure"/>'
    marks = _line(x(table.whole), 0, 28, "whole")
    marks += "" if table.chance is None else _line(x(table.chance), 0, 28, "chance")
    track = f'<rect x="{ROOM}" y="7" width="{WIDE - 2 * ROOM}" height="14" class="track"/>'
    words = escape(f"{row.name}: {bounded(interval)}", quote=True)
    return (
        f'<svg class="score" viewBox="0 0 {WIDE} 28" width="{WIDE}" height="28" role="img" aria-label="{words}">'
        f"{track}{bar}{each}{sure}{marks}</svg>"
    )


def _range(table: MotionTable) -> tuple[float, float]:
    """What all bars share: a probability from 0 to 1, other scores as far as any of them goes."""
    if table.scale == "probability":
        return 0.0, 1.0
    ends = [0.0, *(score for row in table.rows for score in row.scores)]
    ends += [end for row in table.rows for end in (row.interval.low, row.interval.high) if math.isfinite(end)]
    return min(ends), max(ends) if max(ends) > min(ends) else min(ends) + 1


def _line(x: float, top: float, bottom: float, kind: str) -> str:
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" class="{kind}"/>'
