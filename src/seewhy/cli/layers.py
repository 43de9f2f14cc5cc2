"""`seewhy layers`: where maps of the image live inside a model, and which one is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table

from . import options as o
from .screen import out, print_json, words

if TYPE_CHECKING:
    from ..domain.evidence import LayerChoice
    from ..models.layers import LayerInfo

SCHEMA = {"name": "seewhy-layers", "version": 1}


def layers(
    model: o.ModelArgument = o.DEFAULT_MODEL,
    preprocess: o.Prepare = None,
    device: o.Device = None,
    trust_pickle: o.TrustPickle = False,
    all: Annotated[bool, typer.Option("--all", help="Every layer, also those that cannot be read, and why.")] = False,
    json: o.Json = False,
) -> None:
    """List the layers of a model that keep a map of the image: the outermost of each grid, and the chosen one."""
    from ..errors import NoSuitableLayer
    from .said import model_of

    adapted = model_of(model, labels=None, preprocess=preprocess, device=device, trust_pickle=trust_pickle)
    known = adapted.layout.layers
    try:
        chosen, why = adapted.layout.choose(), ""
    except NoSuitableLayer as error:
        chosen, why = None, error.problem
    shown = known if all or json else shortlist(known, chosen)
    if json:
        rows = [vars(info) | {"chosen": chosen is not None and info.name == chosen.name} for info in shown]
        print_json({"schema": SCHEMA, "model": adapted.name, "layers": rows, "why": chosen.why if chosen else why})
    else:
        more = f"{len(known) - len(shown)} more with --all" if len(shown) < len(known) else ""
        out().print(listing(shown, chosen, why or more))


def shortlist(known: Sequence[LayerInfo], chosen: LayerChoice | None) -> list[LayerInfo]:
    """The outermost usable layer of each grid, the last of them, and the chosen one."""
    usable = [info for info in known if info.usable]
    outermost = sorted(usable, key=lambda info: -info.name.count("."))  # stable: of equals the last one wins
    names = {*{info.grid: info.name for info in outermost}.values(), chosen.name if chosen else ""}
    return [info for info in known if info.name in names]


def listing(shown: Sequence[LayerInfo], chosen: LayerChoice | None, note: str) -> RenderableType:
    """A line per layer, in the order in which they finish."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("layer", overflow="fold")
    for heading in ("kind", "shape", "grid"):
        table.add_column(heading, no_wrap=True)
    table.add_column("")
    for info in shown:
        mine = chosen is not None and info.name == chosen.name
        remark = f"← chosen: {chosen.why}" if mine and chosen else info.reason
        style = "bold cyan" if mine else "" if info.usable else "dim"
        cells = (info.name, info.kind, _by(info.shape), _by(info.grid) if info.usable else "–", remark)
        table.add_row(*(words(cell, style) for cell in cells))
    return Group(table, words(note, "dim"))


def _by(sizes: Sequence[int]) -> str:
    return "×".join(map(str, sizes))
