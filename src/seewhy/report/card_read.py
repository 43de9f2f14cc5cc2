"""A report card from the plain data that `card_json` wrote."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..domain.cost import Cost
from ..metric_registry import find_metric
from .card import Contestant, Numbers, ReportCard, Row


def from_json(data: Mapping[str, Any]) -> ReportCard:
    """The report card; settings stay the plain data that they were written as."""
    names = [one["name"] for one in data["methods"]]
    clusters = data["clusters"]
    return ReportCard(
        model=data["model"],
        level=data["level"],
        contestants=tuple(_contestant(one) for one in data["methods"]),
        rows=tuple(_row(row, names) for row in data["rows"]),
        images=tuple(data["images"]),
        failures=data["failures"],
        clusters=None if clusters is None else tuple(clusters),
        cost=Cost(**data["cost"]),
        expected=Cost(**data["expected"]),
        seconds=data["seconds"],
        settings=data["settings"],
        cancelled=data["cancelled"],
        tuned=data["tuned"],
    )


def _contestant(one: Mapping[str, Any]) -> Contestant:
    return Contestant(**{**one, "cost": Cost(**one["cost"])})


def _row(row: Mapping[str, Any], names: list[str]) -> Row:
    line, missing = find_metric(row["metric"]).line(row["line"]), row["missing"]
    values, errors, halfwidths = (_table(row[key], names) for key in ("values", "errors", "halfwidths"))
    return Row(row["metric"], line, values, errors, halfwidths, tuple(missing.get(name, {}) for name in names))


def _table(columns: Mapping[str, list[float | None]], names: list[str]) -> Numbers:
    return np.array([[math.nan if x is None else x for x in columns[name]] for name in names], dtype=np.float64)
