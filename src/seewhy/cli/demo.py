"""`seewhy demo`: a real network on real photos, in under a minute."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from . import options as o
from .found import Found

VIEWS = ("heat", "contour", "regions")
SHAPLEY = {"regions": "superpixels:20", "samples": 128}
ASKED: dict[str, dict[str, dict[str, Any]]] = {  # photo -> method -> options: modest, to be done within a minute
    "cat": {
        "grad-cam": {},
        "integrated-gradients": {},
        "occlusion": {"window": 56, "stride": 28},
        "kernel-shap": SHAPLEY,
    },
    "coffee": {"grad-cam": {}, "kernel-shap": SHAPLEY},
}


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the report and pictures.")] = Path("demo"),
    json: o.Json = False,
    quiet: o.Quiet = False,
    progress: o.Progress = False,
) -> None:
    """Explain two bundled photos with the bundled network, and write a report and pictures."""
    from ..models.adapt import adapt

    model, found = adapt(o.DEFAULT_MODEL), Found()
    for photo, method in ASKED.items():
        if not found.cancelled:
            found += Found.of(model, [f"photo:{photo}"], progress=progress, quiet=quiet, method=method)
    found.pictures(out, VIEWS)
    for maps in found.photos:
        found.sheet(maps, out / f"{maps[0].picture.name}.comparison.png")
    found.report(out / "report.html")
    found.tell(json=json, quiet=quiet)
    raise typer.Exit(found.code)
