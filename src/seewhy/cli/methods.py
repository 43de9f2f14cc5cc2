"""`seewhy methods`: what can be asked, without importing torch."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table

from ..errors import UnknownMethod, near
from ..registry import Facts, facts
from . import options as o
from .flags import default_text
from .screen import out, print_json, words

FAMILIES = ("gradient", "activation", "attention", "perturbation", "shapley", "control")
KEY = """
±  signed: tells for from against      ~  samples: error bars and a stop rule
The number: model calls at most, for a photo of 224 x 224."""
SCHEMA = {"name": "seewhy-methods", "version": 1}


def methods(
    name: Annotated[str | None, typer.Argument(help="One method, for its details.")] = None, json: o.Json = False
) -> None:
    """List the methods by family, or tell all about one."""
    known = facts()
    if name is not None and name not in known:
        raise UnknownMethod(f"There is no method {name!r}.{near(name, known)}", fix="see `seewhy methods`.")
    chosen = list(known.values()) if name is None else [known[name]]
    if json:
        print_json({"schema": SCHEMA, "methods": [asdict(method) for method in chosen]})
    else:
        out().print(table(chosen) if name is None else details(chosen[0]))


def table(chosen: list[Facts]) -> RenderableType:
    """A block per family, a line per method."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(style="dim", no_wrap=True, justify="right")
    grid.add_column()
    rows = sorted(chosen, key=lambda m: (_order(m.family), m.name))
    for number, (family, group) in enumerate(groupby(rows, key=lambda m: m.family)):
        members = list(group)
        if number:
            grid.add_row("")
        needs = " or ".join(sorted({method.needs[-1] for method in members}))
        grid.add_row(words(family, "bold"), "", "", words(f"needs {needs}", "dim"))
        for method in members:
            marks = f"{'±' if method.signed else ' '}{'~' if method.samples else ' '}"
            grid.add_row(words(f"  {method.name}"), words(marks), words(method.calls), words(method.shows))
    return Group(grid, words(KEY, "dim"))


def details(method: Facts) -> RenderableType:
    """Everything that the method declares about itself."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    yes = {True: "yes", False: "no"}
    rows = [
        ("shows", method.shows),
        ("how", method.summary),
        ("family", method.family),
        ("needs", ", ".join(method.needs)),
        ("signed", f"{yes[method.signed]}{'' if method.signed else ': it cannot tell for from against'}"),
        ("samples", f"{yes[method.samples]}{': it has error bars and a stop rule' if method.samples else ''}"),
        ("calls", f"{method.calls} at most, for a photo of 224 x 224 with the default options"),
        ("inputs", " and ".join({2: "images", 3: "clips"}.get(d, f"{d}-d") for d in method.spaces)),
        *(("axioms" if i == 0 else "", axiom) for i, axiom in enumerate(method.axioms)),
        *(("trap" if i == 0 else "", trap) for i, trap in enumerate(method.traps)),
        ("paper", method.paper),
    ]
    for label, text in rows:
        grid.add_row(label, words(text))
    for i, (option, fact) in enumerate(method.options.items()):
        flag = f"--{option.replace('_', '-')}"
        grid.add_row("options" if i == 0 else "", words(f"{flag} {default_text(fact['default'])}"))
    return Group(words(method.name, "bold"), Padding(grid, (0, 0, 0, 2)))


def _order(family: str) -> int:
    return FAMILIES.index(family) if family in FAMILIES else len(FAMILIES)
