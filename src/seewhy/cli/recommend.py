"""`seewhy recommend`: which method is the most faithful for a model, measured on a folder of photos."""

from __future__ import annotations

from typing import Annotated

import typer

from . import options as o
from . import screen
from .exits import OK, PARTIAL
from .running import controlled

InAll = Annotated[
    str | None,
    typer.Option(
        "--budget", metavar="CALLS", help="Most model calls in all, or seconds, as in 60s.", rich_help_panel=o.QUESTION
    ),
]
PerMap = Annotated[
    str,
    typer.Option(
        metavar="CALLS", help="Most model calls per map of a candidate, or seconds.", rich_help_panel=o.QUESTION
    ),
]
LineName = Annotated[
    str, typer.Option(metavar="NAME", help="Line of the report card that counts.", rich_help_panel=o.QUESTION)
]


def recommend(
    inputs: o.Inputs,
    model: o.ModelName = o.DEFAULT_MODEL,
    labels: o.Labels = None,
    preprocess: o.Prepare = None,
    device: o.Device = None,
    trust_pickle: o.TrustPickle = False,
    method: o.MethodNames = None,
    target: o.TargetName = None,
    budget: InAll = None,
    per_map: PerMap = "600",
    line: LineName = "gain",
    seed: o.Seed = 0,
    backend: o.Backend = o.BackendName.auto,
    out: o.Out = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    progress: o.Progress = False,
) -> None:
    """Find the method whose maps are the most faithful; --out keeps it for `--method auto:FILE`."""
    from ..report.recommend import recommend as recommended
    from .said import model_of, target_of

    adapted = model_of(model, labels=labels, preprocess=preprocess, device=device, trust_pickle=trust_pickle)
    with controlled(progress=progress, quiet=quiet) as control:
        found = recommended(
            adapted, inputs, budget=budget, methods=method, line=line, per_map=per_map, target=target_of(target, None),
            backend="plain" if backend == o.BackendName.plain else "auto", seed=seed, control=control,
            announce=None if quiet or json else _announce,
        )  # fmt: skip
    files: list[str] = []
    if out is not None:
        kept = [found.evidence.save(out) / f"report_card.{end}" for end in ("html", "json")]
        files = [str(found.save(out / "recommendation.json")), *map(str, kept)]
    if json:
        screen.print_json({**found.to_json(), "files": files})
    elif not quiet:
        screen.tell(found.summary())
        screen.wrote(*files)
    for name, problem in found.evidence.failures.items():
        screen.err().print(screen.words(f"{name}: {problem}"))
    raise typer.Exit(PARTIAL if found.evidence.failures or found.ended == "cancelled" else OK)


def _announce(bill: str) -> None:
    screen.err().print(screen.words(bill, "dim"))
