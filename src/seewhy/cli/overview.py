"""`seewhy overview`: where a model looks over a whole folder, class by class."""

from __future__ import annotations

from typing import Annotated

import typer

from . import options as o
from . import screen
from .exits import OK, PARTIAL
from .question import Question, with_question
from .running import controlled

Clusters = Annotated[
    int, typer.Option(metavar="N", help="Prototypes of each class, at most.", rich_help_panel=o.QUESTION)
]


@with_question
def overview(
    inputs: o.Inputs,
    question: Question,
    clusters: Clusters = 3,
    out: o.Out = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    progress: o.Progress = False,
) -> None:
    """Look at a folder as a whole: mean maps, prototypes of each class, and what is odd; --out writes the sheet."""
    from ..run.overview import overview as viewed

    model = question.adapted()
    with controlled(progress=progress, quiet=quiet) as control:
        found = viewed(model, inputs, method=question.method, clusters=clusters, control=control, **question.asked())
    files = [] if out is None else [str(found.save(out) / name) for name in ("overview.json", "overview.png")]
    if json:
        screen.print_json({**found.to_json(), "files": files})
    elif not quiet:
        screen.out().print(screen.words(found.summary()))
        screen.wrote(*files)
    for name, problem in found.failures:
        screen.err().print(screen.words(f"{name}: {problem}"))
    raise typer.Exit(PARTIAL if found.failures or found.cancelled else OK)
