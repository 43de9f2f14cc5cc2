"""A report card as one page: what may be concluded, each number with its interval beside the controls, the cost."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from html import escape
from itertools import accumulate, groupby, pairwise
from typing import TYPE_CHECKING

from ..metric_registry import BETTER, find_metric
from ..render.number import number
from .card import NOT_ASKED
from .conclusions import bounded, conclusions
from .html import document

if TYPE_CHECKING:
    from ..stats.interval import Interval
    from .card import ReportCard, Row

WIDTH, LEFT, RIGHT, STEP, TOP, GAP = 760, 184, 226, 22, 8, 7
LONGEST = 22  # letters of a name that fit
EXPLAINED = (
    "A dot is the mean over the images, its line the 95 % interval from resampling them. Hollow dots are controls that "
    "know nothing of the model; the dashed line is what a map without knowledge gets on average. A diamond is a search "
    "that asks what the metric will ask: a yardstick from above, no method to use."
)


def page(card: ReportCard) -> str:
    """The whole document."""
    said = "".join(f"<li>{escape(sentence)}</li>" for sentence in conclusions(card))
    lines = [row for row in card.shown if find_metric(row.metric).family != "cost"]
    sections = "".join(_metric(card, name, list(rows)) for name, rows in groupby(lines, lambda row: row.metric))
    about = f"{escape(card.model)}, {len(card.images)} images, {len(card.methods)} methods and controls"
    main = (
        f'<section><h2 class="first">What may be concluded</h2><ul>{said}</ul></section>'
        f'<section><h2>The numbers</h2><p class="small">{EXPLAINED}</p>{sections}</section>'
        f"<section><h2>What it cost</h2>{_cost(card)}{_failures(card)}{_settings(card)}</section>"
    )
    return document("How far the explanations can be trusted", about, main)


def _metric(card: ReportCard, name: str, rows: list[Row]) -> str:
    metric = find_metric(name)
    plots = _figure(card, rows[0])
    if len(rows) > 1:
        more = "".join(_figure(card, row) for row in rows[1:])
        plots += f"<details><summary>{escape(', '.join(row.line.name for row in rows[1:]))}</summary>{more}</details>"
    traps = "".join(f"<li>{escape(trap)}</li>" for trap in metric.traps)
    traps = f"<details><summary>How this can mislead</summary><ul>{traps}</ul></details>" if traps else ""
    head = f'<h3>{escape(name.replace("-", " ").capitalize())}</h3><p class="small">{escape(metric.summary)}</p>'
    return f'{head}{plots}{traps}<p class="small">{escape(metric.paper)}</p>'


def _figure(card: ReportCard, row: Row) -> str:
    """One line of the report: dots with intervals, methods first, controls below."""
    intervals = {name: card.interval(name, row.line.name) for name in card.methods}
    missing = "; ".join(_missing(card, row))
    note = f'<br><span class="small">Not computed for {escape(missing)}.</span>' if missing else ""
    words = f"{escape(row.line.name)}: {escape(row.line.shows)} ({BETTER[row.line.better]})"
    return f"<figure>{_forest(card, row, intervals)}<figcaption>{words}{note}</figcaption></figure>"


def _forest(card: ReportCard, row: Row, intervals: dict[str, Interval]) -> str:
    shown = [one for one in card.contestants if not math.isnan(intervals[one.name].value)]
    low, high = _range(row, [intervals[one.name] for one in shown])
    changes = [0, *accumulate(one.role != before.role for before, one in pairwise(shown))]
    height = TOP + STEP * len(shown) + GAP * changes[-1] + 26

    def at(value: float) -> float:
        return LEFT + (min(max(value, low), high) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    marks = [] if row.line.ignorant is None else [_line(at(row.line.ignorant), TOP, height - 26, "ignorant")]
    for i, one in enumerate(shown):
        interval, y = intervals[one.name], TOP + STEP * i + GAP * changes[i] + STEP / 2
        kind = one.role
        label = f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end" class="{kind}">{_named(one.name)}</text>'
        value = f'<text x="{WIDTH - RIGHT + 14}" y="{y + 4}" class="{kind}">{escape(bounded(interval))}</text>'
        bar = _bar(at(interval.low), at(interval.high), y, kind) if interval.known else ""
        marks.append(f"{label}{value}{bar}{_mark(at(interval.value), y, kind)}")
    axis = _axis(low, high, height - 22)
    words = "; ".join(f"{one.name} {bounded(intervals[one.name])}" for one in shown)
    return (
        f'<svg class="forest" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(words, quote=True)}">'
        f"{''.join(marks)}{axis}</svg>"
    )


def _named(name: str) -> str:
    """A name that fits; the whole of it on hovering."""
    short = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
    return f"<title>{escape(name)}</title>{escape(short)}"


def _range(row: Row, intervals: list[Interval]) -> tuple[float, float]:
    """What the axis shows: all intervals and what ignorance gets, with a little room."""
    ends = [end for one in intervals for end in (one.low, one.high, one.value) if math.isfinite(end)]
    ends += [] if row.line.ignorant is None else [row.line.ignorant]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    room = 0.05 * (high - low) or 0.05 * abs(high) or 0.5
    return low - room, high + room


def _axis(low: float, high: float, y: float) -> str:
    step = 10 ** math.floor(math.log10((high - low) / 2))
    step *= next(s for s in (1, 2, 5, 10) if (high - low) / (step * s) <= 5)
    ticks = [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
    span = WIDTH - LEFT - RIGHT
    marks = "".join(
        f'<text x="{LEFT + (tick - low) / (high - low) * span:.1f}" y="{y + 15}" text-anchor="middle" class="tick">'
        f"{escape(number(round(tick, 10)))}</text>"
        for tick in ticks
    )
    return f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" class="axis"/>{marks}'


def _bar(x1: float, x2: float, y: float, kind: str) -> str:
    return f'<line x1="{x1:.1f}" x2="{x2:.1f}" y1="{y}" y2="{y}" class="{kind}"/>'


def _mark(x: float, y: float, kind: str) -> str:
    if kind == "bound":
        return f'<path d="M{x:.1f} {y - 6}l6 6-6 6-6-6z" class="bound"/>'
    return f'<circle cx="{x:.1f}" cy="{y}" r="4.5" class="{kind}"/>'


def _line(x: float, y1: float, y2: float, kind: str) -> str:
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y1}" y2="{y2}" class="{kind}"/>'


def _cost(card: ReportCard) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(one.name)}</th><td>{one.maps}</td>'
        f"<td>{_each(one.cost.calls, one.maps)}</td><td>{_each(one.seconds, one.maps)} s</td></tr>"
        for one in card.contestants
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("method", "maps", "model calls each", "time each"))
    total = f"In all {escape(str(card.cost))} in {number(card.seconds)} s, the metrics' own calls included."
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table><p>{total}</p>"


def _each(total: float, count: int) -> str:
    return number(total / count) if count else "–"


def _failures(card: ReportCard) -> str:
    if not card.failures:
        return ""
    rows = "".join(f"<li>{escape(name)}: {escape(problem)}</li>" for name, problem in card.failures.items())
    return f"<h3>Images that could not be judged</h3><ul>{rows}</ul>"


def _settings(card: ReportCard) -> str:
    from .card_json import settings_of

    text = json.dumps(settings_of(card), indent=1, ensure_ascii=False)
    return f"<details><summary>Settings</summary><pre>{escape(text)}</pre></details>"


def _missing(card: ReportCard, row: Row) -> Iterator[str]:
    """Which methods have no number on how many images, and why; the same reason once."""
    reasons: dict[tuple[str, int], list[str]] = {}
    for name, whys in zip(card.methods, row.whys, strict=True):
        for why, count in whys.items():
            if why == NOT_ASKED:
                continue
            reasons.setdefault((why, count), []).append(name)
    for (why, count), names in reasons.items():
        where = "" if count == len(card.images) else f" on {count} of the images"
        yield f"{', '.join(names)}{where}: {why}"
