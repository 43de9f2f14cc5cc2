"""`seewhy demo`: a real network on real photos, in under a minute."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from . import options as o
from .found import Found

VIEWS = ("heat", "contour", "regions")
PHOTOS = ("cat", "coffee")
METHODS: dict[str, dict[str, Any]] = {  # modest options: all is done within a minute
    "grad-cam": {},
    "integrated-gradients": {},
    "occlusion": {"window": 56, "stride": 28},
    "kernel-shap": {"regions": "superpixels:20", "samples": 384},
}


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the report and pictures.")] = Path("demo"),
    json: o.Json = False,
    quiet: o.Quiet = False,
    progress: o.Progress = False,
) -> None:
    """Explain two bundled photos with the bundled network, and write a report and pictures."""
    from ..models.adapt import adapt

    photos = [f"photo:{name}" for name in PHOTOS]
    found = Found.of(adapt(o.DEFAULT_MODEL), photos, progress=progress, quiet=quiet, method=METHODS)
    found.pictures(out, VIEWS)
    for maps in found.photos:
        found.sheet(maps, out / f"{maps[0].picture.name}.comparison.png")
    found.report(out / "report.html")
    found.tell(json=json, quiet=quiet)
    raise typer.Exit(found.code)
