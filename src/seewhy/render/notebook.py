"""What a notebook shows for an explanation: static HTML that needs no extension."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PIL import Image

from . import fragment
from .filmstrip import filmstrip
from .number import number
from .overlay import overlay
from .text import alt_text, for_and_against, named, summary

if TYPE_CHECKING:
    from ..explanation import Explanation


def html(explanation: Explanation) -> str:
    """Picture, sentences, reasons and checks of one explanation."""
    reasons_for, reasons_against = for_and_against(explanation)
    details = {
        "model": explanation.origin.model,
        "score": f"{number(explanation.target.score)} ({explanation.target.scale})",
        "cost": f"{explanation.cost}, {number(explanation.seconds)} s",
        "layer": "none" if explanation.layer is None else f"{explanation.layer.name}: {explanation.layer.why}",
        "seed": str(explanation.origin.seed),
    }
    return "".join(
        [
            f"<section><h3>{escape(explanation.origin.method)}: {escape(named(explanation))}</h3>",
            fragment.picture(_picture(explanation), alt_text(explanation)),
            f"<p>{escape(summary(explanation))}</p>",
            "<h4>For</h4>" if explanation.signed else "<h4>Important</h4>",
            fragment.items(reasons_for, empty="Nothing in the map."),
            f"<h4>Against</h4>{fragment.items(reasons_against, empty='Nothing in the map.')}"
            if explanation.signed
            else "",
            f"<details><summary>Checks and details</summary>{fragment.checks(explanation.checks)}",
            f"{fragment.facts(details, caption='How it was made')}</details></section>",
        ]
    )


def _picture(explanation: Explanation) -> Image.Image:
    """Of a clip the strip of its strongest frames."""
    return overlay(explanation) if explanation.footage is None else filmstrip(explanation)
