"""`seewhy conformance`: which claims of an explainer hold, on networks whose right map is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table

from ..registry import facts
from . import exits
from . import options as o
from .screen import err, out, print_json, words

if TYPE_CHECKING:
    from ..provable.suite import Conformance, Outcome

SCHEMA = {"name": "seewhy-conformance", "version": 1}
QUICK = ("integrated-gradients", "occlusion", "permutation-shapley", "grad-cam", "saliency", "random")
SHOWN = {
    "holds": ("✓ holds", "green"),
    "fails": ("✗ fails", "red"),
    "does not hold": ("· does not hold", "yellow"),
    "does not apply": ("– does not apply", "dim"),
    "crashed": ("! crashed", "red"),
}
FORMS = "Methods, peers such as captum:IntegratedGradients, or FILE.py:FUNCTION; otherwise a quick choice of methods."


def conformance(
    explainers: Annotated[list[str] | None, typer.Argument(metavar="EXPLAINER", help=FORMS)] = None,
    claims: Annotated[
        str | None,
        typer.Option(metavar="WORDS", help="What they claim, as in complete,dummy; otherwise what is known of them."),
    ] = None,
    level: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A level, such as C8; may be given several times.")
    ] = None,
    all_methods: Annotated[bool, typer.Option("--all", help="Every method of ours.")] = False,
    seed: o.Seed = 0,
    json: o.Json = False,
) -> int:
    """Put explainers to questions whose right answers are known, and tell which of their claims hold."""
    from ..provable.suite import conformance as put

    found: list[Conformance] = []
    for name in [*(explainers or []), *(facts() if all_methods else [])] or QUICK:
        claimed = None if claims is None else [word.strip() for word in claims.split(",") if word.strip()]
        found.append(put(name, claims=claimed, levels=level or "all", seed=seed))
        if not json:
            out().print(table(found[-1]))
    if json:
        print_json({"schema": SCHEMA, "explainers": [one.to_json() for one in found]})
    failed = [one.explainer for one in found if not one.holds]
    if failed:
        err().print(words(f"claims do not hold: {', '.join(failed)}"))
    return exits.PARTIAL if failed else exits.OK


def table(found: Conformance) -> RenderableType:
    """A line per level: what was found, the number, and what it had to be; what applies nowhere is gathered."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(style="dim")
    apart: dict[str, list[str]] = {}
    for one in found.outcomes:
        if one.status == "does not apply":
            apart.setdefault(one.says.partition(", which")[0], []).append(f"{one.code} {one.level}")
        else:
            grid.add_row(one.code, words(one.level), words(*SHOWN[one.status]), _number(one), words(_told(one)))
    claims = f"claims {', '.join(found.claims)}" if found.claims else "claims nothing"
    rows = [words(f"  – does not apply: {', '.join(names)}: {why}", "dim") for why, names in apart.items()]
    return Group(words(found.explainer, "bold"), words(f"  {claims}", "dim"), grid, *rows, "")


def _number(one: Outcome) -> str:
    return "" if one.number is None else f"{one.number:.2g}"


def _told(one: Outcome) -> str:
    if one.number is None:
        return one.says
    return f"{one.bound}{'' if one.claimed else ', not claimed'}{f'; {one.says}' if one.says else ''}"
