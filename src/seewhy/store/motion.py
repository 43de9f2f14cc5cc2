"""A motion table as plain JSON data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .manifest import plain

if TYPE_CHECKING:
    from ..run.motion_table import EditRow, FewFrames, MotionTable
    from ..stats.interval import Interval

SCHEMA = {"name": "seewhy-motion", "version": 1}


def to_json(table: MotionTable) -> dict[str, Any]:
    """The object that `seewhy motion --json` prints."""
    found: dict[str, Any] = plain(_document(table))  # a bound that is not known is infinite
    return found


def _document(table: MotionTable) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "clip": table.name,
        "model": table.model,
        "target": {"label": table.target, "scale": table.scale, "score": table.whole, "chance": table.chance},
        "answer": table.answer,
        "summary": table.summary().split("\n"),
        "motion_share": table.motion_share,
        "best_frame": {"frame": table.best, "begins": table.time.begins[table.best], "score": max(table.stills)},
        "order": {"verdict": table.order, "effect": _interval(table.order_effect)},
        "rows": [_row(row) for row in table.rows],
        "frames": None if table.frames is None else _frames(table, table.frames),
        "time": table.time.to_json(),
        "notes": list(table.notes),
        "settings": dict(table.settings),
        "cost": vars(table.cost),
        "expected": vars(table.expected),
        "seconds": table.seconds,
    }


def _row(row: EditRow) -> dict[str, Any]:
    return {
        "name": row.name, "shows": row.shows, "score": row.score, "interval": _interval(row.interval),
        "scores": list(row.scores), "answers": list(row.answers), "flips": row.flips, "every": row.every,
    }  # fmt: skip


def _frames(table: MotionTable, found: FewFrames) -> dict[str, Any]:
    return {
        "order": list(found.order), "kept": list(found.kept), "lost": list(found.lost), "searched": found.searched,
        "suffice": table.suffice, "needed": table.needed,
    }  # fmt: skip


def _interval(found: Interval) -> dict[str, Any]:
    return {"value": found.value, "low": found.low, "high": found.high, "count": found.count}
