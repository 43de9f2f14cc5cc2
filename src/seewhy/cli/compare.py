"""`seewhy compare`: several methods on one photo, their cost, their checks, and how far they agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from . import options as o
from .found import Found
from .question import Question, with_question
from .screen import out as stdout
from .screen import words
from .telling import decision, seconds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..explanation import Explanation
    from ..models.model import Model

PREFERRED = ("grad-cam", "gradient-attention", "integrated-gradients", "occlusion", "kernel-shap", "rise")
SHOWN = 4


@with_question
def compare(
    input: o.OneInput,
    question: Question,
    views: o.Views = None,
    out: o.Out = None,
    view: o.Pictures = [o.View.heat],  # noqa: B006
    report: o.Report = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    progress: o.Progress = False,
) -> None:
    """Compare methods on one photo: cost, checks and agreement; --out also draws all maps on one sheet."""
    from .agreement import agreement

    model = question.adapted()
    method = question.method or sensible(model)
    asked = {"method": method, "views": views, **question.asked()}
    found = Found.of(model, [input], progress=progress, quiet=quiet, **asked)
    maps = found.explanations
    alike = agreement([explanation.heatmap() for explanation in maps])
    found.save(out, [one.value for one in view])
    if out is not None and maps:
        found.sheet(maps, out / "comparison.png", view=view[0].value)
    found.report(report)
    if maps and not json and not quiet:
        stdout().print(Group(decision(maps[0]), words(""), overview(maps), words(""), matrix(maps, alike), words("")))
    found.tell(json=json, quiet=quiet, photos=False, agreement=document(maps, alike))
    raise typer.Exit(found.code)


def sensible(model: Model) -> list[str]:
    """Methods of different families that the model can have."""
    usable = [name for name in PREFERRED if model.offers.methods.get(name, "unknown") is None]
    return usable[:SHOWN]


def overview(maps: Sequence[Explanation]) -> Table:
    """Cost, time and the worst check of each method."""
    from ..render.figure import worst_check

    table = _table("", "method", "calls", "time", "")
    for number, explanation in enumerate(maps, start=1):
        calls, time = str(explanation.cost.calls), seconds(explanation.seconds)
        table.add_row(str(number), words(explanation.origin.method), calls, time, words(worst_check(explanation)))
    return table


def matrix(maps: Sequence[Explanation], alike: NDArray[np.float64]) -> RenderableType:
    """Rank correlations of the maps; the lower half, for it is symmetric."""
    table = _table("", "agreement", *(str(number) for number in range(1, len(maps))))
    for i, explanation in enumerate(maps):
        row = [_correlation(value) for value in alike[i, :i]]
        table.add_row(str(i + 1), words(explanation.origin.method), *row)
    note = "rank correlation: 1 same order of places, 0 unrelated, −1 opposite; – flat map"
    return Group(table, words(note, "dim"))


def _table(*headings: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for heading in headings:
        numeric = heading in ("calls", "time") or heading.isdigit()
        table.add_column(heading, justify="right" if numeric else "left", no_wrap=bool(heading))
    return table


def document(maps: Sequence[Explanation], alike: NDArray[np.float64]) -> dict[str, object]:
    """The matrix for `--json`; null where a map is the same everywhere."""
    rows = [[round(value, 4) if math.isfinite(value) else None for value in row] for row in alike.tolist()]
    return {"methods": [explanation.origin.method for explanation in maps], "rank_correlation": rows}


def _correlation(value: float) -> Text:
    if not math.isfinite(value):
        return words("–", "dim")
    return words(f"{value:.2f}".replace("-", "−"), "green" if value >= 0.6 else "yellow" if value >= 0.3 else "red")
