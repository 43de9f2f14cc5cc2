"""`seewhy audit`: how far explanations of a model can be trusted, measured on a folder of photos."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from . import options as o
from . import screen
from .exits import OK, PARTIAL
from .question import Question, with_question
from .running import controlled

if TYPE_CHECKING:
    from ..report.report_card import ReportCard

Level = StrEnum("Level", ["quick", "standard", "full"])
LevelName = Annotated[Level, typer.Option(metavar="LEVEL", help="quick, standard or full.", rich_help_panel=o.QUESTION)]
MetricNames = Annotated[
    list[str] | None,
    typer.Option(
        "--metric", metavar="NAME", help="A metric instead of the level's; several times.", rich_help_panel=o.QUESTION
    ),
]
Tune = Annotated[
    bool,
    typer.Option(
        "--tune", help="Judge by a copy too that learns to see images with holes.", rich_help_panel=o.QUESTION
    ),
]
Masks = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Masks of what matters, one file per photo in order of names.", rich_help_panel=o.QUESTION
    ),
]
Gaze = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Maps of where people looked, one per photo.", rich_help_panel=o.QUESTION),
]


@with_question
def audit(
    inputs: o.Inputs,
    question: Question,
    level: LevelName = Level.standard,
    metric: MetricNames = None,
    masks: Masks = None,
    gaze: Gaze = None,
    tune: Tune = False,
    out: o.Out = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    progress: o.Progress = False,
) -> None:
    """Judge methods on photos beside controls that know nothing; --out writes the report as HTML and JSON."""
    from ..metric_registry import CARDS
    from ..report.report_card import report_card
    from .compare import sensible

    model = question.adapted()
    methods = question.method or sensible(model)
    asked = question.asked()
    for name in ("scale", "budget", "checks"):
        asked.pop(name)
    with controlled(progress=progress, quiet=quiet) as control:
        card = report_card(
            model, inputs, methods, level=CARDS[list(Level).index(level)], metrics=metric, masks=masks, gaze=gaze,
            tune=tune, control=control, announce=None if quiet or json else _announce, **asked,
        )  # fmt: skip
    files = [] if out is None else [str(card.save(out) / f"report_card.{end}") for end in ("html", "json")]
    if json:
        screen.print_json({**card.to_json(), "files": files})
    elif not quiet:
        screen.out().print(table(card))
        for sentence in card.summary().split("\n"):
            screen.out().print(screen.words(sentence))
        for name in files:
            screen.out().print(screen.words(f"wrote {name}"), soft_wrap=True)
    for name, problem in card.failures.items():
        screen.err().print(screen.words(f"{name}: {problem}"))
    raise typer.Exit(PARTIAL if card.failures or card.cancelled else OK)


def _announce(bill: str) -> None:
    screen.err().print(screen.words(bill, "dim"))


def table(card: ReportCard) -> Table:
    """Means with the wider half of their intervals, a column per method and control."""
    from ..report.conclusions import lines_of

    shown = Table(box=None, pad_edge=False, title=None)
    shown.add_column("mean ± 95 %")
    for one in card.contestants:
        shown.add_column(one.name, justify="right", style="dim" if one.control else None)
    for row in lines_of(card):
        arrow = {"higher": "↑", "lower": "↓", "neither": " "}[row.line.better]
        cells = [_cell(card, name, row.line.name) for name in card.methods]
        shown.add_row(screen.words(f"{row.line.name} {arrow}"), *cells)
    return shown


def _cell(card: ReportCard, method: str, line: str) -> str:
    found = card.interval(method, line)
    if found.value != found.value:
        return "–"
    half = max(found.high - found.value, found.value - found.low)
    return f"{_short(found.value)} ±{_short(half)}" if found.known else _short(found.value)


def _short(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"
