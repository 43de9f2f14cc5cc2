"""What flips a decision and what does not, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from ..domain.timeline import Timeline
from .moment import at, span
from .number import number, percent
from .place import name_of

if TYPE_CHECKING:
    from ..run.flipping import Change
    from ..run.what_if import WhatIf


def sentences(found: WhatIf) -> Iterator[str]:
    """The smallest edit first, then each kind."""
    yield f"The model answers {found.answer}, {number(found.margin)} ahead of all others."
    smallest = found.smallest
    if smallest is None:
        yield "None of the edits flips it."
    else:
        what = f"{told(smallest, found.time)}, {percent(smallest.share)} of the clip"
        yield f"The smallest edit found that flips it: {what}; then it answers {smallest.answer}."
    yield _frozen(found)
    yield from (_single(one) for one in found.of("backwards"))
    yield _cuts(found)
    yield from (_blur(one) for one in found.of("blurred"))


def told(change: Change, time: Timeline) -> str:
    if change.kind == "frozen":
        return f"frozen from {at(time, time.begins[change.frames[0] - 1])} on"
    if change.kind == "cut":
        return f"{_spans(change.frames, time)} cut ({change.how})"
    if change.kind == "blurred":
        return f"{_places(change)} blurred"
    return "played backwards"


def _frozen(found: WhatIf) -> str:
    """The latest moment from which standing still flips it."""
    flipping = [one for one in found.of("frozen") if one.flips]
    if not flipping:
        return "Frozen, from whichever frame on, it stays the same."
    latest = min(flipping, key=lambda one: one.share)
    when = at(found.time, found.time.begins[latest.frames[0] - 1])
    return f"Frozen from {when} on it flips to {latest.answer}{_or(len(flipping) - 1)}."


def _or(others: int) -> str:
    return f"; so it does from {others} earlier frame{'s' * (others != 1)}" if others else ""


def _single(change: Change) -> str:
    return f"Played backwards it {_ends(change)}."


def _cuts(found: WhatIf) -> str:
    """The shortest cut, and how many ways to fill it agree."""
    cuts = found.of("cut")
    flipping = [one for one in cuts if one.flips]
    if not flipping:
        return f"Cutting {percent(cuts[0].share)} of the time flips it with none of {len(cuts)} ways to fill the gap."
    best = min(flipping, key=lambda one: one.share)
    ways = ", ".join(f"{one.how} {percent(one.share)}" for one in flipping)
    return (
        f"Cutting {_spans(best.frames, found.time)} flips it to {best.answer};"
        f" with {len(flipping)} of {len(cuts)} ways to fill a gap some cut does ({ways} of the time)."
    )


def _blur(change: Change) -> str:
    what = f"{_places(change)} ({percent(change.share)} of the clip)"
    return f"With {what} blurred it {_ends(change)}."


def _ends(change: Change) -> str:
    return f"flips to {change.answer}" if change.flips else "stays the same"


def _places(change: Change) -> str:
    if not change.cells:
        return change.how
    if change.share == 1:
        return "everything"
    names = [name_of((top + bottom) / 2, (left + right) / 2) for top, left, bottom, right in change.cells]
    return f"{len(names)} place{'s' * (len(names) != 1)} ({', '.join(dict.fromkeys(names))})"


def _spans(frames: Sequence[int], time: Timeline) -> str:
    """Runs of frames as stretches of time."""
    runs = [[i for _, i in run] for _, run in groupby(enumerate(frames), key=lambda pair: pair[1] - pair[0])]
    return " and ".join(span(time, time.begins[run[0]], time.ends[run[-1]]) for run in runs)
