"""`seewhy audit`: how far explanations of a model can be trusted, measured on a folder of photos."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table

from ..render.number import MINUS
from . import options as o
from . import screen
from .exits import OK, PARTIAL
from .question import Question, with_question
from .running import controlled
from .screen import words

if TYPE_CHECKING:
    from ..domain.score import Line
    from ..report.card import Contestant, ReportCard

ROLES = ("method", "bound", "control")
ARROWS = {"higher": "↑", "lower": "↓", "neither": ""}
KEY = "↑ higher is better  ↓ lower is better  – no number"
ROUNDS_TO_NOTHING, ROUNDING = 0.0005, 1e-6  # at three digits; of single precision
GAP, WIDEST = 2, 22
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


Bound = Annotated[
    bool,
    typer.Option(
        "--bound", help="Add a search as a yardstick from above, as the full level does.", rich_help_panel=o.QUESTION
    ),
]
AllLines = Annotated[
    bool,
    typer.Option("--all-lines", help="Every line of every metric, not only the first.", rich_help_panel=o.OUTPUT),
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
    bound: Bound = False,
    all_lines: AllLines = False,
    out: o.Out = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    progress: o.Progress = False,
) -> None:
    """Judge methods on photos beside controls that know nothing; --out writes the report as HTML and JSON."""
    from ..metric_registry import CARDS
    from ..report.html import made
    from ..report.report_card import report_card
    from .compare import sensible

    if out is not None:
        made(out)
    model = question.adapted()
    methods = question.method or sensible(model)
    asked = question.asked()
    for name in ("scale", "budget", "checks"):
        asked.pop(name)
    with controlled(progress=progress, quiet=quiet) as control:
        card = report_card(
            model, inputs, methods, level=CARDS[list(Level).index(level)], metrics=metric, masks=masks, gaze=gaze,
            tune=tune, bound=bound or None, control=control, announce=None if quiet or json else _announce, **asked,
        )  # fmt: skip
    files = [] if out is None else [str(card.save(out) / f"report_card.{end}") for end in ("html", "json")]
    if json:
        screen.print_json({**card.to_json(), "files": files})
    elif not quiet:
        screen.out().print(table(card, all_lines=all_lines, width=screen.out().width))
        screen.tell(card.summary())
        screen.wrote(*files)
    for name, problem in card.failures.items():
        screen.err().print(words(f"{name}: {problem}"))
    raise typer.Exit(PARTIAL if card.failures or card.cancelled else OK)


def _announce(bill: str) -> None:
    screen.err().print(words(bill, "dim"))


def table(card: ReportCard, *, all_lines: bool = False, width: int = 80) -> RenderableType:
    """Means with the wider half of their intervals: a row per line, methods first, as many columns as fit at a time."""
    from ..metric_registry import find_metric

    rows = [row for row in card.shown if all_lines or row.line.name == find_metric(row.metric).lines[0].name]
    names = [_name(row.line) for row in rows]
    cells = {one.name: [_cell(card, one.name, row.line.name) for row in rows] for one in card.contestants}
    blocks = list(_blocks(card, cells, width - max(map(len, names), default=0)))
    return Group(*(part for block in blocks for part in (_block(names, block, cells), words(""))), words(KEY, "dim"))


def _blocks(card: ReportCard, cells: Mapping[str, list[str]], room: int) -> Iterator[list[Contestant]]:
    """Those that fit side by side."""
    block: list[Contestant] = []
    left = room
    for one in sorted(card.contestants, key=lambda one: ROLES.index(one.role)):
        needed = GAP + max([min(len(one.name), WIDEST), *map(len, cells[one.name])])
        if block and needed > left:
            yield block
            block, left = [], room
        block.append(one)
        left -= needed
    yield block


def _block(names: list[str], block: list[Contestant], cells: Mapping[str, list[str]]) -> Table:
    shown = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="")
    shown.add_column(words("mean ± 95 %", "dim"), no_wrap=True)
    for one in block:
        style = "" if one.role == "method" else "dim"
        heading = words(one.name, style or "bold")
        shown.add_column(heading, justify="right", style=style, max_width=WIDEST, overflow="fold")
    for i, name in enumerate(names):
        shown.add_row(words(name), *(cells[one.name][i] for one in block))
    return shown


def _name(line: Line) -> str:
    return f"{line.name} {ARROWS[line.better]}".rstrip()


def _cell(card: ReportCard, method: str, line: str) -> str:
    found = card.interval(method, line)
    if found.value != found.value:
        return "–"
    half = max(found.high - found.value, found.value - found.low) if found.known else 0.0
    mean = _short(found.value, found.value)
    return mean if half < ROUNDING else f"{mean} ±{_short(half, found.value)}"


def _short(value: float, beside: float) -> str:
    """As many digits behind the point as the mean deserves."""
    size = abs(beside)
    if value == 0 or abs(value) < ROUNDING:
        return "0"
    if max(size, value) < ROUNDS_TO_NOTHING or size >= 1e6:
        return f"{value:.0e}"
    text = f"{abs(value):.{0 if size >= 100 else 2 if size >= 0.1 else 3}f}"
    return f"{MINUS if value < 0 and float(text) else ''}{text}"
