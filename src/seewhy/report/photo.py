"""The part of a report about one photo: decision, reasons, pictures, checks, and how each map was made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from PIL import Image

from ..registry import load_all
from ..render import fragment
from ..render.answer import caption, head, measure
from ..render.figure import sheet
from ..render.frame import frame
from ..render.number import number
from ..render.overlay import draw, overlay
from ..render.text import alt_text, answer, findings, for_and_against, kind, named
from .clip import clip_figures

if TYPE_CHECKING:
    from ..explanation import Explanation

HEAT = "Colour covers the photo where the map is strong."
VIEWS = {"contour": "The same map as lines", "regions": "Only the strongest places left bright"}
WIDE = 640  # pixels of the longer side of a photo in the report


def photo_section(group: Sequence[Explanation], position: int) -> str:
    """Everything about one photo, which all the explanations share."""
    first = group[0]
    height, width = first.picture.size
    about = ", ".join(
        part for part in (f"{width} × {height} pixels", first.picture.turned, *first.picture.notes) if part
    )
    start = ' class="first"' if position == 1 else ""
    return (
        f'<section id="photo-{position}"><h2{start}>{escape(first.picture.name)}</h2>'
        f'<p class="small">{escape(about)}</p><p class="decision">{escape(answer(first))}</p>'
        f"{_alternatives(first)}{_comparison(group)}{''.join(_method(explanation) for explanation in group)}</section>"
    )


def _alternatives(explanation: Explanation) -> str:
    prediction = explanation.prediction
    rows = "".join(
        f'<tr><th scope="row">{escape(rank.label)}</th>'
        f'<td><span class="number">{escape(measure(prediction, rank))}</span>'
        f"{_share(rank.probability)}</td>"
        f"<td>{escape(number(rank.output))}</td></tr>"
        for rank in prediction.top
    )
    title = escape(caption(prediction), quote=False)
    columns = "".join(f'<th scope="col">{escape(column)}</th>' for column in ("class", head(prediction), "output"))
    return f"<table><caption>{title}</caption><thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table>"


def _share(probability: float | None) -> str:
    if probability is None:
        return ""
    box = '<svg class="share" width="140" height="8" aria-hidden="true"><rect class="track" width="140" height="8"/>'
    return f'{box}<rect class="bar" width="{140 * probability:.1f}" height="8"/></svg>'


def _comparison(group: Sequence[Explanation]) -> str:
    if len(group) == 1:
        return ""
    methods = ", ".join(f"{explanation.origin.method} for {named(explanation)}" for explanation in group)
    alt = f"The {kind(group[0])} beside the maps of {methods}. Each map is described below."
    return f'<h3>Side by side</h3><figure class="sheet">{fragment.picture(sheet(group), alt)}</figure>'


def _method(explanation: Explanation) -> str:
    return (
        f"<article><h3>{escape(explanation.origin.method)}: {escape(named(explanation))}</h3>"
        f"{_sides(explanation)}{_findings(explanation)}{_pictures(explanation)}"
        f"{fragment.checks(explanation.checks)}{_made(explanation)}{_traps(explanation)}</article>"
    )


def _findings(explanation: Explanation) -> str:
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in findings(explanation))


def _sides(explanation: Explanation) -> str:
    speaks_for, against = for_and_against(explanation)
    nothing = (
        "Nothing in the map." if explanation.signed else "This map has no sign: it cannot show what speaks against."
    )
    title = "Speaks for it" if explanation.signed else "Stands out" if explanation.class_blind else "Matters most"
    return (
        f'<div class="sides"><div class="side for"><h4>{title}</h4>'
        f"{fragment.items(speaks_for, empty='Nothing in the map.')}</div>"
        f'<div class="side against"><h4>Speaks against it</h4>{fragment.items(against, empty=nothing)}</div></div>'
    )


def _pictures(explanation: Explanation) -> str:
    if explanation.footage is not None:
        return clip_figures(explanation)
    told = alt_text(explanation)
    figures = [_figure(overlay(explanation, longest=WIDE), f"Heat map. {told}", HEAT)]
    for view, words in VIEWS.items():
        framed = frame(explanation, view, longest=WIDE)
        drawn = draw(explanation, framed, view=view, scale=framed.scale)
        key = "; ".join(meaning for _, meaning in drawn.keys)
        figures.append(_figure(Image.fromarray(drawn.rgb), f"View {view}. {told}", f"{words}: {key}."))
    return f'<div class="pictures">{"".join(figures)}</div>'


def _figure(image: Image.Image, alt: str, caption: str) -> str:
    return f"<figure>{fragment.picture(image, alt)}<figcaption>{escape(caption)}</figcaption></figure>"


def _made(explanation: Explanation) -> str:
    origin, layer, given = explanation.origin, explanation.layer, kind(explanation)
    shape = " × ".join(map(str, explanation.values.shape))
    pairs = {
        "model": origin.model,
        "model fingerprint": origin.model_fingerprint,
        "method": f"{origin.method} ({origin.paper})" if origin.paper else origin.method,
        "options": json.dumps(dict(origin.options), ensure_ascii=False),
        "question": f"{named(explanation)}, {explanation.target.scale} {number(explanation.target.score)}",
        "seed": str(origin.seed),
        "layer": "none: the method reads no layer" if layer is None else f"{layer.name}: {layer.why}",
        f"{given} to model": "; ".join(explanation.geometry.steps) or f"the model saw the {given} pixel for pixel",
        f"{given} digest": origin.image_digest,
        "map": f"{shape} values, {'signed' if explanation.signed else 'without sign'}",
        "cost": f"{explanation.cost}, {number(explanation.seconds)} s; checks: {explanation.check_cost}",
        "computed on": f"{origin.device}, {origin.dtype}, precision {origin.precision}",
        "versions": ", ".join(f"{name} {version}" for name, version in origin.versions.items()),
        "made at": origin.created,
    }
    return fragment.facts({name: value for name, value in pairs.items() if value}, caption="How it was made")


def _traps(explanation: Explanation) -> str:
    entry = load_all().get(explanation.origin.method)
    if entry is None:  # a plugin that is not installed here
        return ""
    traps = fragment.items(entry.traps, empty="None are recorded.")
    return f"<h4>What {escape(entry.name)} shows, and its known traps</h4><p>{escape(entry.shows)}</p>{traps}"
