"""Sentences about when in a clip the evidence lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .frame import on_frame
from .moment import curve, frame_in, only_in_time, ranked, span
from .number import percent
from .place import ninths

if TYPE_CHECKING:
    from ..explanation import Explanation

SHOWN = 3  # moments that are told
WORTH = 0.1  # share of all evidence from which a further one is


def in_time(explanation: Explanation) -> list[str]:
    """When in a clip the evidence lies, the strongest moments first; nothing for a photo."""
    time, stretches = explanation.geometry.time, curve(explanation)
    if time is None:
        return []
    if len(stretches) == 1:
        return ["The map has a single cell for the whole time: it tells no moment."]
    held = sum(stretch.supports for stretch in stretches)
    best = [(span(time, s.begin, s.end), s.supports / held) for s in ranked(stretches)[:SHOWN]]
    if not best:
        return []
    (when, share), *others = best
    then = " and ".join(f"from {moment} ({percent(part)})" for moment, part in others if part >= WORTH)
    what = "evidence for it" if explanation.signed else "importance"
    rest = f"; then {then}" if then else ""
    return [f"In time, the {what} is strongest from {when}, with {percent(share)} of all{rest}."]


def motion(explanation: Explanation) -> list[str]:
    """How much of a clip's map changes quickly; nothing for a photo, or a map that has one moment."""
    if explanation.geometry.time is None or explanation.values.ndim != 3 or len(explanation.values) < 2:
        return []
    if only_in_time(explanation):  # there is nothing else that could change
        return []
    return [str(explanation.motion())]


def moments(explanation: Explanation, sign: int, what: str) -> list[str]:
    """The strongest moments of a clip, and the ninth of the picture that holds most then."""
    time = explanation.geometry.time
    assert time is not None
    best, placed = ranked(curve(explanation), sign), not only_in_time(explanation)
    held = sum(stretch.side(sign) for stretch in best)
    found = []
    for stretch in best[:SHOWN]:
        places = ninths(on_frame(explanation, frame_in(time, stretch)), sign) if placed else []
        where = f", most of it {places[0].name}" if places else ""
        share = percent(stretch.side(sign) / held)
        found.append(f"{span(time, stretch.begin, stretch.end)}: {share} of the {what}{where}")
    return found
