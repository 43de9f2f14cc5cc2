"""A sheet: the original beside the maps of several methods or targets, on one scale wherever that makes sense."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from ..errors import BadOption
from .answer import head, measure
from .colour import scale_of
from .frame import frame, pictured
from .legend import INK, PAPER, QUIET, Bar, Row, Text, asked_label, nothing, question, stack
from .lettering import drawable, font, line_height, wrap
from .moment import at, still_frame
from .outline import outlined
from .overlay import draw
from .view import Drawn

if TYPE_CHECKING:
    from ..domain.marked import Marked
    from ..explanation import Explanation

TILE, GAP, COLUMNS = 320, 16, 4
TITLE, WORDS, NOTES = 22, 15, 12  # sizes of letters
SHARED = "All maps share one scale: their strengths can be compared."
GROUPED = "Maps of one kind share a scale; between kinds compare places, not strengths."
OWN = "Each map has its own scale: compare places, not strengths."
Unit = tuple[str, str, bool]


def sheet(
    explanations: Sequence[Explanation], *, title: str = "", shared_scale: bool = True, view: str = "heat"
) -> Image.Image:
    """Photo and maps side by side; maps of the same family and scale of the score are coloured alike."""
    if not explanations:
        raise BadOption("There is no explanation to draw.", fix="give at least one.")
    scales = _scales(explanations, view, shared_scale)
    tiles, scale = [], iter(scales)
    for _, same in groupby(explanations, key=lambda explanation: explanation.picture.digest):
        photo = list(same)
        moment = None if photo[0].geometry.time is None else still_frame(photo[0])  # of a clip the same for all maps
        tiles.append(_original(photo, moment))
        tiles += [_tile(explanation, view, next(scale), moment) for explanation in photo]
    return _page(tiles, title, _notes(explanations, scales, shared_scale))


def unit(explanation: Explanation) -> Unit:
    """What the numbers of a map count in; maps of one unit can be compared in strength."""
    return explanation.origin.family, explanation.target.scale, explanation.signed


def _scales(explanations: Sequence[Explanation], view: str, shared: bool) -> list[float]:
    heats = [pictured(explanation, view) for explanation in explanations]
    if not shared:
        return [scale_of(heat) for heat in heats]
    units = [unit(explanation) for explanation in explanations]
    return [scale_of(*(heat for heat, u in zip(heats, units, strict=True) if u == mine)) for mine in units]


def _original(photo: Sequence[Explanation], moment: int | None) -> Image.Image:
    """The photo as it is, with an outline of every place that one of the maps beside it was asked about."""
    explanation, prediction = photo[0], photo[0].prediction
    drawn = Drawn(frame(explanation, longest=TILE, of=moment).photo)
    for marked in _marks(photo):
        drawn = outlined(drawn, marked, explanation.picture.size)
    said = "".join(f"“{best.label}”, {head(prediction)} {measure(prediction, best)}" for best in prediction.top[:1])
    rows = [
        Text(explanation.picture.name, WORDS),
        Text(f"answer: {said or 'nothing'}", NOTES, QUIET),
        *_when(explanation, moment),
        *_keys(drawn),
    ]
    return stack(Image.fromarray(drawn.rgb), rows, narrowest=TILE, margin=0)


def _when(explanation: Explanation, moment: int | None) -> list[Text]:
    """Of a clip, the moment that is shown."""
    time = explanation.geometry.time
    if time is None or moment is None:
        return []
    when = at(time, time.begins[moment])
    return [Text(f"at {when}, where {explanation.origin.method} is strongest", NOTES, QUIET)]


def _marks(photo: Sequence[Explanation]) -> list[Marked]:
    """The places that were asked about, each once."""
    found = [one.marked for one in photo if one.marked is not None]
    return list({(one.box, one.mask is not None and one.mask.tobytes()): one for one in found}.values())


def _keys(drawn: Drawn) -> list[Text]:
    return [Text(words, NOTES, QUIET, swatch) for swatch, words in dict.fromkeys(drawn.keys)]


def _tile(explanation: Explanation, view: str, scale: float, moment: int | None) -> Image.Image:
    drawn = draw(explanation, frame(explanation, view, longest=TILE, of=moment), view=view, scale=scale)
    rows: list[Row] = [Text(question(explanation), WORDS)]
    if drawn.colours and scale > 0:
        rows.append(Bar(asked_label(explanation), scale, explanation.signed, NOTES))
    elif drawn.colours:
        rows.append(Text(nothing(explanation), NOTES, QUIET))
    rows += _keys(drawn)
    rows.append(Text(f"{explanation.cost}, {explanation.seconds:.2g} s", NOTES, QUIET))
    rows.append(Text(worst_check(explanation), NOTES, QUIET))
    return stack(Image.fromarray(drawn.rgb), rows, narrowest=TILE, margin=0)


def worst_check(explanation: Explanation) -> str:
    """The verdict that a reader must know first."""
    for verdict, word in (("bad", "failed"), ("warning", "warning")):
        names = [check.name for check in explanation.checks if check.verdict == verdict]
        if names:
            return f"check {word}: {', '.join(names)}"
    passed = sum(check.verdict == "good" for check in explanation.checks)
    return f"checks: {passed} passed" if passed else "checks: none was run"


def _notes(explanations: Sequence[Explanation], scales: Sequence[float], shared: bool) -> list[Text]:
    groups = len({unit(explanation) for explanation in explanations})
    words = OWN if not shared or groups == len(scales) else SHARED if groups == 1 else GROUPED
    rows = [Text(words, NOTES, QUIET)] if len(scales) > 1 else []
    if not all(explanation.geometry.seen_mask().all() for explanation in explanations):
        rows.append(Text("not seen by the model", NOTES, QUIET, "hatch"))
    return rows


def _page(tiles: Sequence[Image.Image], title: str, notes: Sequence[Text]) -> Image.Image:
    columns = min(COLUMNS, len(tiles))
    if len(tiles) > COLUMNS:  # as even rows as possible: 5 tiles are 3 + 2, not 4 + 1
        columns = int(np.ceil(len(tiles) / np.ceil(len(tiles) / COLUMNS)))
    lines = [tiles[i : i + columns] for i in range(0, len(tiles), columns)]
    width = columns * TILE + (columns + 1) * GAP
    headline = wrap(drawable(title), TITLE, width - 2 * GAP) if title else []
    top = GAP + len(headline) * line_height(TITLE)
    page = Image.new("RGB", (width, top + sum(max(t.height for t in line) + 2 * GAP for line in lines) + 400), PAPER)
    for i, words in enumerate(headline):
        at = (GAP, GAP // 2 + i * line_height(TITLE))
        ImageDraw.Draw(page).text(at, words, fill=INK, font=font(TITLE))
    for line in lines:
        for i, tile in enumerate(line):
            page.paste(tile, (GAP + i * (TILE + GAP), top))
        top += max(tile.height for tile in line) + GAP
    for note in notes:
        top += note(page, GAP, top, width - 2 * GAP) + 4
    return page.crop((0, 0, width, top + GAP))
