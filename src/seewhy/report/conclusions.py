"""What a report card allows to conclude, in sentences made from its numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from ..render.number import number, percent
from ..stats.bootstrap import FEWEST
from .card import NO_MAP, NOT_ASKED

if TYPE_CHECKING:
    from ..stats.interval import Interval
    from .card import ReportCard

ALMOST_SURE = 0.95
ROUNDING = 1e-6  # of single precision


def conclusions(card: ReportCard) -> Iterator[str]:
    """Sentences, the most important first."""
    yield _what(card)
    if len(card.images) < FEWEST:
        yield f"Nothing can be concluded from {counted(len(card.images))}: intervals need at least {FEWEST}."
        return
    yield from _copy(card)
    if card.row(card.headline).line.better != "neither":
        yield from _against_controls(card)
        yield from _reached(card)
        yield from _between_methods(card)
    yield from _doubts(card)
    yield from _missing(card)
    yield _limits(card)


def bounded(interval: Interval) -> str:
    """A mean with its interval."""
    if math.isnan(interval.value):
        return "–"
    if not interval.known:
        return number(_clean(interval.value))
    return f"{number(_clean(interval.value))} [{number(_clean(interval.low))}, {number(_clean(interval.high))}]"


def _clean(value: float) -> float:
    """What is left of zero after rounding is zero."""
    return 0.0 if abs(value) < ROUNDING else value


def _what(card: ReportCard) -> str:
    level = "with the metrics that were named" if card.level == "extended" else f"at the {card.level} level"
    failed = f", {len(card.failures)} more could not be read" if card.failures else ""
    stopped = "; it was stopped before the last image" if card.cancelled else ""
    return f"Judged {level} on {counted(len(card.images))}{failed}: {card.cost}, {number(card.seconds)} s{stopped}."


def _copy(card: ReportCard) -> Iterator[str]:
    """How far the copy that was tuned on images with holes can stand for the model."""
    if card.tuned is not None:
        alike, after, before = (percent(card.tuned[name]) for name in ("agreement", "accuracy", "before"))
        yield (
            f"The tuned copy says what the model says on {alike} of held-out whole images, and keeps its class on"
            f" {after} of those with holes (the model itself: {before})."
        )


def _against_controls(card: ReportCard) -> Iterator[str]:
    for method in _methods(card):
        interval = card.interval(method, card.headline)
        contests = card.against_controls(method, card.headline)
        if math.isnan(interval.value) or not contests:
            continue
        lost = [name for name, contest in contests.items() if contest.verdict != "better"]
        found = f"{method}: {card.headline} {bounded(interval)}"
        if not lost:
            yield f"{found}, better than all {len(contests)} controls."
            continue
        hopeless = [name for name in lost if contests[name].difference.value <= 0]
        more = max((contests[name].images_needed for name in lost if name not in hopeless), default=math.inf)
        advice = "" if hopeless or math.isinf(more) else f"; about {rounded(more)} images would be needed to tell"
        yield f"{found}, not better than {listed(lost)}, which {_know(lost)} nothing of the model{advice}."


def _reached(card: ReportCard) -> Iterator[str]:
    """How far below a search that asks the metric's own questions."""
    for bound in card.named("bound"):
        parts = {method: card.reached(method, card.headline).get(bound) for method in _methods(card)}
        known = {method: part for method, part in parts.items() if part is not None}
        told = [f"{method} {_share(part)}" for method, part in known.items() if part.known]
        if told:
            beyond = any(part.known and part.low > 1 for part in known.values())
            more = "; maps finer than the parts of the search can go beyond it" if beyond else ""
            found = f"Of the {card.headline} that {bound} finds by asking what metrics ask"
            yield f"{found}, reached: {listed(told)}{more}."
        elif known:
            yield f"{bound} finds no {card.headline} that is surely above zero: nothing can be measured against it."


def _share(part: Interval) -> str:
    return f"{part.value:.0%} [{part.low:.0%}, {part.high:.0%}]"


def _between_methods(card: ReportCard) -> Iterator[str]:
    names = _methods(card)
    if len(names) < 2:
        return
    ranking = card.ranking(card.headline, controls=False)
    best = max(ranking.best, key=lambda name: ranking.best[name], default="")
    if best and ranking.best[best] >= ALMOST_SURE:
        yield f"By {card.headline} {best} comes first in {percent(ranking.best[best])} of the resampled image sets."
    for one, other in combinations(ranking.means, 2):
        contest = ranking.contest(one, other)
        if contest.verdict == "cannot be told apart":
            needed = contest.images_needed
            more = f": about {rounded(needed)} would be needed" if math.isfinite(needed) else ""
            yield f"{one} and {other} cannot be told apart on {counted(contest.difference.count)}{more}."
        else:
            ahead, behind = (one, other) if contest.verdict == "better" else (other, one)
            yield f"{ahead} is better than {behind} by {bounded(_turned(contest.difference))}."


def _turned(interval: Interval) -> Interval:
    from dataclasses import replace

    if interval.value >= 0:
        return interval
    return replace(interval, value=-interval.value, low=-interval.high, high=-interval.low)


SAME_CLASS = "gives nearly the same map for the runner-up: it speaks for no class in particular"
SAME_MODEL = "hardly changes when all weights are drawn anew: it shows the image, not the model"
INCOMPLETE = "does not add up to the score as it promises"
DOUBTS = (  # line, the side of the value on which it is in doubt, what that means
    ("class sensitivity", "below", 0.05, SAME_CLASS),
    ("randomisation", "below", 0.2, SAME_MODEL),
    ("completeness gap", "above", 0.1, INCOMPLETE),
)


def _doubts(card: ReportCard) -> Iterator[str]:
    present = {row.line.name for row in card.rows}
    for line, side, edge, words in DOUBTS:
        for method in _methods(card) if line in present else ():
            interval = card.interval(method, line)
            sure = interval.high < edge if side == "below" else interval.low > edge
            if sure and not math.isnan(interval.value):
                yield f"{method} {words} ({line} {bounded(interval)})."


def _missing(card: ReportCard) -> Iterator[str]:
    together: dict[tuple[str, int], list[str]] = {}
    for one in card.contestants:
        for problem, count in one.problems.items():
            together.setdefault((problem, count), []).append(one.name)
    for (problem, count), names in together.items():
        yield f"{listed(names)} made no map of {counted(count)}: {problem}."
    for one, whys in zip(card.contestants, card.row(card.headline).whys, strict=True):
        for why, count in whys.items():
            if why not in (NO_MAP, NOT_ASKED, *one.problems):
                yield f"The {card.headline} of {one.name} cannot be computed on {counted(count)}: {why}."


def _limits(card: ReportCard) -> str:
    places = any(row.metric in ("pointing", "energy-pointing", "relevance-mass") for row in card.rows)
    more = " Agreement with masks says whether a map looks right to people, not whether the model used what it shows."
    return (
        "These numbers hold for this model and images like these; they say how well maps predict what the model reacts "
        f"to, not that its decisions are right.{more if places else ''}"
    )


def _methods(card: ReportCard) -> list[str]:
    return [one.name for one in card.contestants if one.role == "method" and one.maps]


def counted(count: int) -> str:
    return f"{count} image{'' if count == 1 else 's'}"


def rounded(count: float) -> str:
    """A number of images with two digits: it is no more precise than that."""
    digits = max(0, len(str(int(count))) - 2)
    return f"{math.ceil(count / 10**digits) * 10**digits:,}".replace(",", "\u202f")


def listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _know(names: list[str]) -> str:
    return "knows" if len(names) == 1 else "know"
