"""What flips a decision, as plain JSON data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..run.flipping import Change
    from ..run.what_if import WhatIf

SCHEMA = {"name": "seewhy-what-if", "version": 1}


def to_json(found: WhatIf) -> dict[str, Any]:
    """The object that `seewhy motion --flip --json` holds."""
    return {
        "schema": SCHEMA,
        "clip": found.name,
        "model": found.model,
        "answer": found.answer,
        "margin": found.margin,
        "summary": found.summary().split("\n"),
        "smallest": None if found.smallest is None else _change(found.smallest),
        "tried": [_change(one) for one in found.tried],
        "time": found.time.to_json(),
        "settings": dict(found.settings),
        "cost": vars(found.cost),
        "expected": vars(found.expected),
        "seconds": found.seconds,
    }


def _change(one: Change) -> dict[str, Any]:
    return {
        "kind": one.kind, "how": one.how, "share": one.share, "frames": list(one.frames), "answer": one.answer,
        "margin": one.margin, "cells": [list(cell) for cell in one.cells], "flips": one.flips,
    }  # fmt: skip
