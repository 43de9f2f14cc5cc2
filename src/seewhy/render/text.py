"""Sentences made from the numbers only, for summaries, picture descriptions and lists of reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..domain.timeline import Timeline
from .answer import answered
from .moment import Stretch, at, curve, only_in_time, span, still_frame
from .moment import strongest as strongest_stretch
from .number import number, percent
from .number import signed as with_sign
from .place import Place, name_of, ninths, parts, shown, spread, strongest

if TYPE_CHECKING:
    from ..domain.check import Check
    from ..explanation import Couple, Explanation

SHOWN = 3  # places listed for and against
Heat = NDArray[np.float32]


def summary(explanation: Explanation) -> str:
    """Answer, question, evidence for and against, error bar and checks, in a few sentences."""
    return " ".join([answer(explanation), *findings(explanation)])


def findings(explanation: Explanation) -> list[str]:
    """The summary without the model's answer, one sentence (or a few on the checks) each."""
    heat = shown(explanation)
    sentences = [asked(explanation, heat)]
    if not np.nan_to_num(heat).any():
        sentences.append("The map is zero everywhere, so it says nothing about this answer.")
    elif only_in_time(explanation):
        sentences += _moments_against(explanation)
    elif explanation.signed:
        sentences += [_evidence(heat, 1, of=noun(explanation)), _evidence(heat, -1, of=noun(explanation))]
    else:
        sentences.append(_evidence(heat, 1, signed=False, of=noun(explanation)) + _silence(explanation))
    sentences[1:1] = [*in_time(explanation), *_motion(explanation)]
    return [*sentences, *together(explanation), *sampling(explanation), checks(explanation.checks)]


def together(explanation: Explanation) -> list[str]:
    """The strongest interaction of two parts; nothing for a method that does not look for any."""
    found = explanation.parts.couples()[:1] if explanation.parts is not None else []
    return [_couple(couple, explanation.target.scale) for couple in found]


def _couple(couple: Couple, unit: str) -> str:
    if abs(couple.value) <= couple.band:
        return (
            "Whether two parts are worth more or less together than each by itself is not known: all lie in the band."
        )
    more = "more" if couple.value > 0 else "less"
    doubt = f" ± {number(couple.band)}" if couple.band else ""
    return (
        f"Parts {couple.first} and {couple.second} interact most: together they are worth"
        f" {number(abs(couple.value))}{doubt} {unit} {more} than each by itself."
    )


def in_time(explanation: Explanation) -> list[str]:
    """When in a clip the evidence lies, and which frame the places are told of; nothing for a photo."""
    time = explanation.geometry.time
    if time is None:
        return []
    stretches = curve(explanation)
    best, what = strongest_stretch(stretches), "evidence for it" if explanation.signed else "importance"
    places = f"Places are told of the frame at {at(time, time.begins[still_frame(explanation)])}."
    if only_in_time(explanation):
        places = "The map tells moments only, no places."
    if len(stretches) == 1:
        return ["The map has a single cell for the whole time: it tells no moment.", places]
    if best is None:
        return [places]
    share = best.supports / sum(stretch.supports for stretch in stretches)
    return [
        f"In time, the {what} is strongest {_during(time, best)}, with {percent(share)} of all.",
        places,
    ]


def _moments_against(explanation: Explanation) -> list[str]:
    """When most speaks against the target; nothing where nothing does."""
    time, stretches = explanation.geometry.time, curve(explanation)
    worst = max(stretches, key=lambda stretch: stretch.opposes)
    if time is None or not explanation.signed or worst.opposes == 0:
        return []
    return [f"Most speaks against it {_during(time, worst)}."]


def _during(time: Timeline, stretch: Stretch) -> str:
    told = span(time, stretch.begin, stretch.end)
    return f"from {told}" if " to " in told else f"in {told}"


def _motion(explanation: Explanation) -> list[str]:
    """How much of a clip's map changes quickly; nothing for a photo, or a map that has one moment."""
    if explanation.geometry.time is None or explanation.values.ndim != 3 or len(explanation.values) < 2:
        return []
    if only_in_time(explanation):  # there is nothing else that could change
        return []
    return [str(explanation.motion())]


def _silence(explanation: Explanation) -> str:
    if explanation.class_blind:
        return " The map is the same for every class: it explains no decision for one."
    return " The map has no sign: it cannot tell for from against."


def alt_text(explanation: Explanation) -> str:
    """What the picture shows, for a person who does not see it."""
    heat = shown(explanation)
    height, width = heat.shape
    size, kind = f"{width} by {height} pixels", "Clip" if explanation.geometry.time else "Photo"
    start = (
        f"{kind} {explanation.picture.name} ({size}) with the {explanation.origin.method} map for {named(explanation)}."
    )
    if not np.nan_to_num(heat).any():
        return f"{start} The map is zero everywhere."
    words = in_time(explanation)
    if not only_in_time(explanation):
        words += [_evidence(heat, 1, signed=explanation.signed, of=noun(explanation))]
        words += [_evidence(heat, -1, of=noun(explanation))] if explanation.signed else []
    unseen = 1 - float(np.isfinite(heat).mean())
    words += (
        [f"The {percent(unseen)} of the {noun(explanation)} that the model did not see are hatched."] if unseen else []
    )
    return " ".join([start, *words])


def for_and_against(explanation: Explanation) -> tuple[list[str], list[str]]:
    """The strongest places or parts for the target and against it; a map without sign has nothing against."""
    heat = shown(explanation)
    return _reasons(explanation, heat, 1), _reasons(explanation, heat, -1) if explanation.signed else []


def answer(explanation: Explanation) -> str:
    """What the model said, with the runners-up."""
    return answered(explanation.prediction)


def asked(explanation: Explanation, heat: Heat) -> str:
    """What was asked, and of how much of the photo."""
    target = explanation.target
    about = "what speaks for and against" if explanation.signed else "which places mattered for"
    about = "which places stand out, whatever the class; explained was" if explanation.class_blind else about
    sentence = f"Asked with {explanation.origin.method}: {about} {named(explanation)}"
    unit = f"{target.scale} {number(target.score)}" if target.scale else number(target.score)
    seen = float(np.isfinite(heat).mean())
    where = f", on the {percent(seen)} of the {noun(explanation)} that the model saw" if seen < 1 else ""
    return f"{sentence} ({unit}){where}."


def noun(explanation: Explanation) -> str:
    """What the map lies on."""
    return "photo" if explanation.geometry.time is None else "picture"


def named(explanation: Explanation) -> str:
    """The target in words."""
    target = explanation.target
    if target.against is None:
        return f"“{target.label}”"
    return f"“{target.label}” rather than “{target.against_label or f'class {target.against}'}”"


def sampling(explanation: Explanation) -> list[str]:
    """How the sampling ended and how wide the error bar is; nothing for a method that does not sample."""
    how = explanation.sampling
    if how is None or any(check.name == "convergence" and check.verdict != "good" for check in explanation.checks):
        return []  # the check's own sentence says it
    if how.stop == "exact":
        return ["The numbers are exact: nothing was sampled."]
    ended = {
        "converged": "until the error bar asked for was reached",
        "samples": "as many as were asked for",
        "budget": "until the budget was spent",
        "cancelled": "until the run was cancelled",
    }.get(how.stop, f"until: {how.stop}")
    words = f"{how.drawn} {how.unit} were drawn, {ended}"
    if how.halfwidth is None:
        return [f"{words}; no error bar was computed."]
    wanted = "" if how.tolerance is None else f", where {percent(how.tolerance)} was asked for"
    return [f"{words}; all values together are known to ±{percent(how.halfwidth)} of the map's range{wanted}."]


def checks(found: tuple[Check, ...]) -> str:
    """The checks that did not pass, in words."""
    judged = [check for check in found if check.verdict in ("good", "warning", "bad")]
    troubles = [check for verdict in ("bad", "warning") for check in judged if check.verdict == verdict]
    if not judged:
        return "No check was run, so nothing is known about how far to trust this map."
    if not troubles:
        passed = "The one check that judges passed" if len(judged) == 1 else f"All {len(judged)} checks passed"
        return f"{passed}; the map still does not prove why the model answered so."
    told = " ".join(f"{check.verdict.capitalize()}, {check.name}: {_ended(check.message)}" for check in troubles)
    return f"{len(troubles)} of {len(judged)} checks did not pass. {told}"


def _evidence(heat: Heat, sign: int, *, signed: bool = True, of: str = "photo") -> str:
    words = ("evidence for it" if sign > 0 else "evidence against it") if signed else "importance"
    places = ninths(heat, sign)
    if not places:
        return f"Nothing in the map is {words}."
    x, y = strongest(heat, sign)
    where = name_of((y + 0.5) / heat.shape[0], (x + 0.5) / heat.shape[1])
    weight = ""
    if signed and sign < 0:
        strength = np.abs(np.nan_to_num(heat)).astype(np.float64)
        weight = f" (in all {percent(float(strength[heat < 0].sum() / strength.sum()))} of the map's strength)"
    return (
        f"Of the {words}{weight}, {percent(places[0].share)} lies in the {places[0].name} ninth of the {of} "
        f"and half on {percent(spread(heat, sign))} of the area seen; it is strongest at the {where}, "
        f"around pixel x {x}, y {y}."
    )


def _reasons(explanation: Explanation, heat: Heat, sign: int) -> list[str]:
    side = ("for it" if sign > 0 else "against it") if explanation.signed else ""
    unit = f" {explanation.target.scale}" if explanation.signed else ""
    told = parts(explanation, sign)
    if told:
        return [_part(place, side, unit, sampled=explanation.sampling is not None) for place in told[:SHOWN]]
    if only_in_time(explanation):
        return _moments(explanation, sign, side)
    noun = f"evidence {side}" if side else "importance"
    return [f"{place.name}: {percent(place.share)} of the {noun}" for place in ninths(heat, sign)[:SHOWN]]


def _moments(explanation: Explanation, sign: int, side: str) -> list[str]:
    """The strongest moments of a map that has nothing but moments."""
    time, stretches = explanation.geometry.time, curve(explanation)
    sides = [stretch.supports if sign > 0 else stretch.opposes for stretch in stretches]
    ranked = sorted(zip(sides, stretches, strict=True), key=lambda pair: -pair[0])[:SHOWN]
    of = f"evidence {side}" if side else "importance"
    assert time is not None
    return [
        f"{span(time, one.begin, one.end)}: {percent(held / sum(sides))} of the {of}" for held, one in ranked if held
    ]


def _part(place: Place, side: str, unit: str, *, sampled: bool) -> str:
    value = f"{with_sign(place.value)}{unit}"
    if place.band:
        doubt = ": could be nothing" if abs(place.value) <= place.band else ""
        kind = "95% band" if sampled else "band"
        value = f"{with_sign(place.value)} ± {number(place.band)}{unit} ({kind}{doubt})"
    share = f"{percent(place.share)} of what speaks {side}" if side else f"{percent(place.share)} of the importance"
    return f"{_of_part(place)}: {value}, {share}"


def _of_part(place: Place) -> str:
    """Which part, where and when; of whole frames only when."""
    if not place.name:
        return place.when
    where, of = ", ".join(filter(None, (place.name, place.when))), "clip" if place.when else "photo"
    return f"part {place.part}, {where} ({percent(place.area)} of the {of})"


def _ended(message: str) -> str:
    return message if message.endswith((".", "!", "?")) else f"{message}."
