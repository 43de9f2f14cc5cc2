"""`seewhy explain`: why the model answers what it answers."""

from __future__ import annotations

import typer

from . import options as o
from .found import Found
from .question import Question, with_question


@with_question
def explain(
    inputs: o.Inputs,
    question: Question,
    out: o.Out = None,
    views: o.Views = None,
    per: o.Per = o.PerWhat.input,
    view: o.Pictures = [o.View.heat],  # noqa: B006
    report: o.Report = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    progress: o.Progress = False,
) -> None:
    """Explain photos: the decision, what speaks for and against it, and how far to trust that."""
    from ..inputs.expand import in_shots
    from ..run.plan import default_method

    model = question.adapted()
    method = question.method or [default_method(model)]
    asked = in_shots(inputs, model.preprocess) if per is o.PerWhat.shot else inputs
    found = Found.of(model, asked, progress=progress, quiet=quiet, method=method, views=views, **question.asked())
    found.save(out, [one.value for one in view])
    found.report(report)
    found.tell(json=json, quiet=quiet)
    raise typer.Exit(found.code)
