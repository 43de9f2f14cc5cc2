"""`seewhy metrics`: what a report card can judge maps by."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table

from . import options as o
from .flags import default_text
from .screen import out, print_json, words

if TYPE_CHECKING:
    from ..metric_registry import Metric

SCHEMA = {"name": "seewhy-metrics", "version": 1}
KEY = "The number: model calls for one map at most; + n maps: the method is asked again so often."


def metrics(
    name: Annotated[str | None, typer.Argument(help="One metric, for its details.")] = None, json: o.Json = False
) -> None:
    """List the metrics by the smallest report that holds them, or tell all about one."""
    from ..metric_registry import all_metrics, describe, find_metric

    chosen = list(all_metrics().values()) if name is None else [find_metric(name)]
    if json:
        print_json({"schema": SCHEMA, "metrics": [describe(one) for one in chosen]})
    else:
        out().print(table(chosen) if name is None else details(chosen[0]))


def table(chosen: list[Metric]) -> RenderableType:
    """A block per level, a line per metric."""
    from ..metric_registry import CARDS, LEVELS

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(style="dim", no_wrap=True, justify="right")
    grid.add_column()
    rows = sorted(chosen, key=lambda one: (CARDS.index(one.card), one.name))
    for card, members in groupby(rows, key=lambda one: one.card):
        grid.add_row(words(card, "bold"), "", words(LEVELS[card], "dim"))
        for one in members:
            needs = f" (needs {', '.join(one.needs)})" if one.needs else ""
            grid.add_row(words(f"  {one.name}"), words(one.bill), words(f"{one.lines[0].shows}{needs}"))
        grid.add_row("")
    return Group(grid, words(KEY, "dim"))


def details(metric: Metric) -> RenderableType:
    """Everything that a metric declares about itself."""
    from ..metric_registry import BETTER, LEVELS

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    rows = [
        ("how", metric.summary),
        ("family", metric.family),
        ("level", f"{metric.card}: {LEVELS[metric.card]}"),
        ("needs", ", ".join(metric.needs) or "a model and a map"),
        ("calls", f"{metric.bill} at most, for one map with the default options"),
        *(("traps" if i == 0 else "", trap) for i, trap in enumerate(metric.traps)),
        ("paper", metric.paper),
        *(("lines" if i == 0 else "", f"{x.name}: {x.shows} ({BETTER[x.better]})") for i, x in enumerate(metric.lines)),
    ]
    for label, text in rows:
        grid.add_row(label, words(text))
    for i, (name, option) in enumerate(metric.options.items()):
        grid.add_row("options" if i == 0 else "", words(f"{name} {default_text(repr(option.default))}"))
    return Group(words(metric.name, "bold"), Padding(grid, (0, 0, 0, 2)))
