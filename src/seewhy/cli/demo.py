"""`seewhy demo`: a real network on real photos, in under a minute."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from . import options as o
from .found import Found

PHOTOS = ("cat", "coffee")
VIEWS = ("heat", "contour", "regions")
METHODS: dict[str, dict[str, Any]] = {
    "grad-cam": {},
    "integrated-gradients": {"steps": 16},
    "occlusion": {"window": 56, "stride": 28},
    "kernel-shap": {"regions": "superpixels:20", "samples": 128},
}


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the report and the pictures.")] = Path("demo"),
    json: o.Json = False,
    quiet: o.Quiet = False,
    progress: o.Progress = None,
) -> None:
    """Explain the bundled photos with the bundled network by four methods, and write a report."""
    from ..models.adapt import adapt
    from .written import names, picture

    photos = [f"photo:{name}" for name in PHOTOS]
    found = Found.of(adapt(o.DEFAULT_MODEL), photos, progress=progress, quiet=quiet, method=METHODS)
    for explanation, name in zip(found.explanations, names(found.explanations), strict=True):
        for view in VIEWS:
            found.files.append(picture(explanation.overlay(view=view), out / f"{name}.{view}.png"))
    for photo in found.photos:
        found.sheet(photo, out / f"{photo[0].picture.name}.png")
    found.report(out / "report.html")
    found.tell(json=json, quiet=quiet)
    raise typer.Exit(found.code)
