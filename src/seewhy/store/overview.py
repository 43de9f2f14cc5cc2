"""An overview as plain JSON data, and as two files in a directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import StoreError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..run.overview import ClassView, Example, Overview

SCHEMA = {"name": "seewhy-overview", "version": 1}


def to_json(overview: Overview) -> dict[str, Any]:
    """The object that `--json` prints and `overview.json` holds."""
    return {
        "schema": SCHEMA,
        "method": overview.method,
        "model": overview.model,
        "scale": overview.scale,
        "photos": overview.count,
        "summary": overview.summary(),
        "photo": overview.photo and list(overview.photo),
        "mean": _rows(overview.mean),
        "classes": [_class(one) for one in overview.classes],
        "failures": [{"name": name, "problem": problem} for name, problem in overview.failures],
        "checks": overview.checks,
        "cost": vars(overview.cost),
        "cancelled": overview.cancelled,
    }


def save(overview: Overview, directory: Path) -> Path:
    """Write both files, overwriting an earlier overview."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        text = json.dumps(to_json(overview), indent=1, ensure_ascii=False)
        (directory / "overview.json").write_text(f"{text}\n", encoding="utf-8")
        overview.sheet().save(directory / "overview.png")
    except OSError as error:
        problem = f"The overview cannot be written to {directory}: {error.strerror or error}."
        raise StoreError(problem, fix="choose a directory that you may write, on a disk with room.") from error
    return directory


def _class(one: ClassView) -> dict[str, Any]:
    return {
        "index": one.index,
        "label": one.label,
        "photos": one.count,
        "flat": one.flat,
        "mean": _rows(one.mean),
        "prototypes": [_prototype(each) for each in one.prototypes],
    }


def _prototype(each: Example) -> dict[str, Any]:
    flags = [flag.to_json() for flag in each.flags]
    return {
        "share": each.share, "photos": each.count, "example": each.name, "flags": flags, "map": _rows(each.map),
    }  # fmt: skip


def _rows(values: NDArray[Any]) -> list[list[float]]:
    return [[float(f"{value:.6g}") for value in row] for row in values]
