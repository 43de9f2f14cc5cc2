"""A report card as plain JSON data, and as two files in a directory."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..domain.options import encode

if TYPE_CHECKING:
    from ..stats.compare import Contest
    from ..stats.interval import Interval
    from .card import Contestant, ReportCard, Row

SCHEMA = {"name": "seewhy-report-card", "version": 1}


def to_json(card: ReportCard) -> dict[str, Any]:
    """The object that `--json` prints and `report_card.json` holds."""
    line, ranking = card.headline, card.ranking(card.headline, controls=False)
    return {
        "schema": SCHEMA,
        "model": card.model,
        "level": card.level,
        "images": list(card.images),
        "clusters": None if card.clusters is None else [str(one) for one in card.clusters],
        "failures": dict(card.failures),
        "methods": [_contestant(one) for one in card.contestants],
        "rows": [_row(card, row) for row in card.rows],
        "headline": line,
        "best": {name: _plain(share) for name, share in ranking.best.items()},
        "contests": [_contest(one) for one in ranking.contests],
        "against_controls": {
            name: [_contest(contest) for contest in card.against_controls(name, line).values()]
            for name in card.named("method")
        },
        "reached": {
            name: {bound: _interval(part) for bound, part in card.reached(name, line).items()}
            for name in card.named("method")
        },
        "conclusions": card.summary().split("\n"),
        "settings": settings_of(card),
        "tuned": None if card.tuned is None else dict(card.tuned),
        "cost": vars(card.cost),
        "expected": vars(card.expected),
        "seconds": card.seconds,
        "cancelled": card.cancelled,
    }


def settings_of(card: ReportCard) -> dict[str, Any]:
    """What was asked for, as plain data."""
    return {key: _settings(value) for key, value in card.settings.items()}


def save(card: ReportCard, directory: Path) -> Path:
    """Write both files, each as a whole, overwriting an earlier report."""
    from .html import write_whole

    text = json.dumps(to_json(card), indent=1, ensure_ascii=False)
    write_whole(directory / "report_card.json", f"{text}\n")
    write_whole(directory / "report_card.html", card.html())
    return directory


def _contestant(one: Contestant) -> dict[str, Any]:
    return {
        "name": one.name, "role": one.role, "maps": one.maps, "cost": vars(one.cost), "seconds": one.seconds,
        "problems": dict(one.problems),
    }  # fmt: skip


def _row(card: ReportCard, row: Row) -> dict[str, Any]:
    return {
        "metric": row.metric,
        "line": row.line.name,
        "better": row.line.better,
        "shows": row.line.shows,
        "ignorant": row.line.ignorant,
        "means": {name: _interval(card.interval(name, row.line.name)) for name in card.methods},
        "values": {name: [_plain(x) for x in values] for name, values in zip(card.methods, row.values, strict=True)},
        "errors": {name: [_plain(x) for x in errors] for name, errors in zip(card.methods, row.errors, strict=True)},
        "halfwidths": {
            name: [_plain(x) for x in half] for name, half in zip(card.methods, row.halfwidths, strict=True)
        },
        "missing": {name: dict(whys) for name, whys in zip(card.methods, row.whys, strict=True) if whys},
    }


def _interval(found: Interval) -> dict[str, Any]:
    return {key: _plain(value) for key, value in asdict(found).items()}


def _contest(one: Contest) -> dict[str, Any]:
    return {
        "ours": one.ours, "theirs": one.theirs, "difference": _interval(one.difference), "p": _plain(one.p),
        "detectable": _plain(one.detectable), "images_needed": _plain(one.images_needed), "verdict": one.verdict,
    }  # fmt: skip


def _settings(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _settings(inner) for key, inner in value.items()}
    return encode(value)


def _plain(value: float) -> float | None:
    """JSON knows neither NaN nor infinity, nor NumPy's numbers."""
    if not math.isfinite(value):
        return None
    return int(value) if isinstance(value, int | np.integer) else float(value)
