"""`seewhy card`: what a model offers, which methods it can have, and why the others are off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table

from . import options as o
from .screen import out, print_json, words

if TYPE_CHECKING:
    from ..domain.capability import Card

SCHEMA = {"name": "seewhy-card", "version": 1}


def card(
    model: o.ModelArgument = o.DEFAULT_MODEL,
    labels: o.Labels = None,
    preprocess: o.Prepare = None,
    device: o.Device = None,
    trust_pickle: o.TrustPickle = False,
    json: o.Json = False,
) -> None:
    """Show the capability card of a model."""
    from .said import model_of

    offers = model_of(model, labels=labels, preprocess=preprocess, device=device, trust_pickle=trust_pickle).offers
    if json:
        print_json(document(offers))
    else:
        out().print(table(offers))


def document(offers: Card) -> dict[str, object]:
    """The card as plain data."""
    return {
        "schema": SCHEMA,
        "model": offers.model,
        "facts": dict(offers.facts),
        "capabilities": offers.capabilities.names(),
        "missing": {flag.words(): why for flag, why in offers.missing.items()},
        "methods": {name: {"usable": why is None, "why_not": why} for name, why in offers.methods.items()},
    }


def table(offers: Card) -> RenderableType:
    """Facts, capabilities and methods, in two columns."""
    from ..domain.capability import Capability

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in offers.facts.items():
        grid.add_row(words(name), words(value))
    for flag in Capability:
        have = flag in offers.capabilities
        state = words("✓ yes", "green") if have else words(f"– no: {offers.missing.get(flag, 'not offered')}", "dim")
        grid.add_row(flag.words(), state)
    grid.add_row("methods", words(", ".join(name for name, why in offers.methods.items() if why is None)))
    reasons: dict[str, list[str]] = {}
    for name, why in offers.methods.items():
        if why is not None:
            reasons.setdefault(why, []).append(name)
    for why, names in reasons.items():
        grid.add_row("off", words(f"{', '.join(names)}: {why}", "dim"))
    return Group(words(offers.model, "bold"), Padding(grid, (0, 0, 0, 2)))
