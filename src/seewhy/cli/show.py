"""`seewhy show`: what a saved explanation says, after its digests were checked."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from . import options as o
from .found import Found


def show(
    saved: Annotated[list[Path], typer.Argument(metavar="DIR", help="Folders that --out or save() wrote.")],
    report: o.Report = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Show saved explanations again, or make a report of them; damaged ones are refused."""
    from ..explanation import Explanation

    loaded = [Explanation.load(folder) for folder in saved]
    photos = [list(same) for _, same in groupby(loaded, key=lambda explanation: explanation.picture.digest)]
    found = Found(photos)
    found.report(report)
    found.tell(json=json, quiet=quiet)
    raise typer.Exit(found.code)
