"""A recommendation in sentences made from its numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..render.number import number, percent
from .conclusions import bounded, counted, listed, rounded

if TYPE_CHECKING:
    from .recommendation import Recommendation

ENDINGS = {
    "decided": "the question was decided",
    "tied": "more images at hand could not tell those that are left apart",
    "images": "there were no more images",
    "budget": "the budget was spent",
    "cancelled": "the run was cancelled",
}


def advice(found: Recommendation) -> Iterator[str]:
    """What to use first, then what it rests on."""
    yield from _use(found) if found.method is not None else _none(found)
    yield from _rounds(found)
    spent, most = found.evidence.cost, found.evidence.expected
    yield f"It took {spent}, of at most {most} for all on all images: {ENDINGS[found.ended]}."
    if found.priced:
        yield found.priced
    yield from (f"{name} did not take part: {why}" for name, why in found.left_out.items())
    yield "This holds for this model and images like these; it says which map predicts the model's reactions best."


def reason(found: Recommendation) -> str:
    """Why this method, or why none, in one sentence."""
    method, images = found.method, counted(len(found.evidence.images))
    if method is None:
        return f"None of the {_field(found)} is surely better than every control on {images}."
    scored = f"{found.line} {bounded(found.evidence.interval(method, found.line))}"
    if found.tied:
        alike = f"{len(found.tied) + 1} methods that cannot be told apart"
        return f"the cheapest of the {alike} by {found.line} on {images} ({scored})."
    return f"the best of {_field(found)} by {found.line} on {images} ({scored})."


def _use(found: Recommendation) -> Iterator[str]:
    method = str(found.method)
    sure = found.probability(method)
    chance = (
        "" if math.isnan(sure) else f" It is the best of all on at least {percent(sure)} of the resampled image sets."
    )
    yield f"Use {method}: {reason(found)} One map takes {number(found.calls(method))} model calls.{chance}"
    yield from _beside(found, method)
    for other in found.tied:
        needed = found.among_left.contest(method, other).images_needed
        more = (
            f"about {rounded(needed)} images would be needed to tell"
            if math.isfinite(needed)
            else "nothing tells them apart"
        )
        calls = number(found.calls(other))
        worthy = "" if other in found.worthy else f", and {other} is not surely better than every control"
        yield f"{method} and {other} ({calls} calls per map) cannot be told apart: {more}{worthy}."


def _beside(found: Recommendation, method: str) -> Iterator[str]:
    """How far ahead of the control that comes closest."""
    contests = found.evidence.against_controls(method, found.line)
    if contests:
        closest = min(contests.values(), key=lambda one: one.difference.value)
        gap, images = bounded(closest.difference), counted(closest.difference.count)
        yield f"It is ahead of every control: of {closest.theirs}, the closest, by {gap} on {images}."


def _none(found: Recommendation) -> Iterator[str]:
    yield f"No method is recommended. {reason(found)}"
    controls = found.evidence.named("control")
    ahead = [name for name in found.left if name in controls]
    for method in (name for name in found.left if name not in controls):
        lost = [name for name in controls if not found.surely_better(method, name)]
        known = [found.among_left.contest(method, name).images_needed for name in lost if name in ahead]
        most = max((one for one in known if math.isfinite(one)), default=math.inf)
        more = f"; about {rounded(most)} images would be needed to tell" if math.isfinite(most) else ""
        yield f"{method} is not surely better than {listed(lost)}{more}."
    if ahead and set(found.left) <= set(controls):
        yield f"Every method is surely behind {listed(ahead)}: their maps say less than one that knows nothing."


def _rounds(found: Recommendation) -> Iterator[str]:
    for i, one in enumerate(found.rounds, start=1):
        behind: dict[str, list[str]] = {}
        for name, victor in one.dropped.items():
            behind.setdefault(victor, []).append(name)
        said = [
            f"{listed(names)} {'fell' if victor else 'had no number'}{f' behind {victor}' if victor else ''}"
            for victor, names in behind.items()
        ]
        yield f"Round {i}, {counted(one.images)}, {len(one.asked)} asked: {'; '.join(said) or 'nobody fell behind'}."


def _field(found: Recommendation) -> str:
    methods, controls = len(found.evidence.named("method")), len(found.evidence.named("control"))
    return f"{methods} method{'s' * (methods != 1)} beside {controls} control{'s' * (controls != 1)}"
