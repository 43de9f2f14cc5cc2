"""Sentences made from the numbers only, for summaries, picture descriptions and lists of reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .answer import answered
from .in_time import in_time, moments, motion
from .moment import at, curve, only_in_time, still_frame, telling_frame
from .number import number, percent
from .number import signed as with_sign
from .place import Place, name_of, ninths, parts, shown, spread, strength, strongest

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
    heats = shown(explanation)
    sentences = [asked(explanation, heats[1])]
    if not strength(explanation, heats).any():
        sentences.append("The map is zero everywhere, so it says nothing about this answer.")
    else:
        sentences += [*in_time(explanation), *motion(explanation), *_evidence(explanation, heats)]
        sentences[-1] += "" if explanation.signed else _silence(explanation)
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


def _silence(explanation: Explanation) -> str:
    if explanation.class_blind:
        return " The map is the same for every class: it explains no decision for one."
    return " The map has no sign: it cannot tell for from against."


def alt_text(explanation: Explanation) -> str:
    """What the still picture shows, for a person who does not see it."""
    time = explanation.geometry.time
    if time is None:
        return description(explanation)
    return f"{description(explanation)} The picture is the frame at {at(time, time.begins[still_frame(explanation)])}."


def description(explanation: Explanation) -> str:
    """What the photo with its map shows, or the clip playing, for a person who does not see it."""
    heats = shown(explanation)
    height, width = heats[1].shape
    given = f"{kind(explanation).capitalize()} {explanation.picture.name} ({width} by {height} pixels)"
    start = f"{given} with the {explanation.origin.method} map for {named(explanation)}."
    if not strength(explanation, heats).any():
        return f"{start} The map is zero everywhere."
    words = [*in_time(explanation), *_evidence(explanation, heats)]
    unseen = 1 - float(np.isfinite(heats[1]).mean())
    words += (
        [f"The {percent(unseen)} of the {noun(explanation)} that the model did not see are hatched."] if unseen else []
    )
    return " ".join([start, *words])


def for_and_against(explanation: Explanation) -> tuple[list[str], list[str]]:
    """The strongest places, parts or moments for the target and against it; without a sign nothing is against."""
    heats = shown(explanation)
    return _reasons(explanation, heats[1], 1), _reasons(explanation, heats[-1], -1) if explanation.signed else []


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


def kind(explanation: Explanation) -> str:
    """What was given."""
    return "photo" if explanation.geometry.time is None else "clip"


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


def _evidence(explanation: Explanation, heats: Mapping[int, Heat]) -> list[str]:
    """Where the evidence lies; of a clip, at the moment that holds most of it."""
    if only_in_time(explanation):
        return ["The map tells moments, and no places."]
    if not explanation.signed:
        return [_places(explanation, heats[1], 1, "importance")]
    against = f"evidence against it{_weight(strength(explanation, heats))}"
    return [_places(explanation, heats[1], 1, "evidence for it"), _places(explanation, heats[-1], -1, against)]


def _weight(values: Heat) -> str:
    """How much of the whole map speaks against."""
    sizes = np.abs(values).astype(np.float64)
    against = float(sizes[values < 0].sum() / sizes.sum())
    return f" (in all {percent(against)} of the map's strength)" if against else ""


def _places(explanation: Explanation, heat: Heat, sign: int, words: str) -> str:
    time, frame = explanation.geometry.time, telling_frame(explanation, sign)
    places = ninths(heat, sign)
    if not places:
        return f"Nothing in the map is {words}."
    x, y = strongest(heat, sign)
    where = name_of((y + 0.5) / heat.shape[0], (x + 0.5) / heat.shape[1])
    start = "Of"
    if time is not None and frame is not None and len(explanation.values) > 1:
        start = f"At {at(time, time.begins[frame])}, of"
    most, whole = places[0], noun(explanation)
    return (
        f"{start} the {words}, {percent(most.share)} lies in the {most.name} ninth of the {whole} and half on "
        f"{percent(spread(heat, sign))} of the area seen; it is strongest at the {where}, around pixel x {x}, y {y}."
    )


def _reasons(explanation: Explanation, heat: Heat, sign: int) -> list[str]:
    side = ("for it" if sign > 0 else "against it") if explanation.signed else ""
    unit = f" {explanation.target.scale}" if explanation.signed else ""
    told = parts(explanation, sign)
    if told:
        return [_part(place, side, unit, sampled=explanation.sampling is not None) for place in told[:SHOWN]]
    what = f"evidence {side}" if side else "importance"
    if len(curve(explanation)) > 1:
        return moments(explanation, sign, what)
    return [f"{place.name}: {percent(place.share)} of the {what}" for place in ninths(heat, sign)[:SHOWN]]


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
