"""The verb `segment_pairs`: which segments of a clip matter together, beyond what each is worth alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..domain.clip_regions import Segments
from ..domain.edits import segments as split
from ..domain.time_fills import Interpolated
from ..domain.timeline import Span, Timeline
from ..errors import BadPixels
from ..explanation import Explanation
from ..inputs.expand import Item
from ..models.adapt import adapt
from ..render.moment import span
from ..render.number import number, signed
from .explain import explain
from .one_clip import sample_of


@dataclass(frozen=True)
class SegmentPair:
    """Two stretches of the clip, and what they are worth together beyond each."""

    first: Span
    second: Span
    value: float
    band: float  # half-width that covers all pairs at once; 0 where all subsets were asked about

    @property
    def sure(self) -> bool:
        """Whether the band does not hold 0."""
        return abs(self.value) > self.band


@dataclass(frozen=True, eq=False)
class SegmentPairs:
    """All pairs, strongest first."""

    pairs: tuple[SegmentPair, ...]
    explanation: Explanation  # with the Shapley value of each segment
    time: Timeline

    def summary(self) -> str:
        """The strongest pairs in sentences."""
        scale = self.explanation.target.scale
        told = [_told(pair, self.time, scale) for pair in self.pairs[:3] if pair.sure]
        return "\n".join(told) or "No two segments are surely worth more or less together than each by itself."

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        pairs = [{**vars(pair), "first": list(pair.first), "second": list(pair.second)} for pair in self.pairs]
        return {"pairs": pairs, "summary": self.summary().split("\n"), "explanation": self.explanation.to_json()}

    def __str__(self) -> str:
        return self.summary()


def segment_pairs(
    model: Any,
    clip: Any,
    *,
    segments: int = 6,
    baseline: Any = Interpolated(),
    preprocess: Any = None,
    labels: Any = None,
    **asked: Any,
) -> SegmentPairs:
    """Shapley interactions of segments of nearly equal length; `asked`: what `explain` and the method take."""
    adapted = adapt(model, preprocess=preprocess, labels=labels)
    sample = sample_of(adapted, clip)
    time = sample.geometry.time
    if time is None:
        raise BadPixels(f"{sample.picture.name!r} is no clip.", fix="give a clip.")
    pieces, given = split(len(time), segments), Item(clip, sample.picture.name)
    asked = {"method": "shapley-interactions", "regions": Segments(segments), "baseline": baseline, **asked}
    (found,) = explain(adapted, [given], **asked)
    spans = [(time.begins[piece.start], time.ends[piece.stop - 1]) for piece in pieces]
    couples = found.parts.couples()
    pairs = tuple(SegmentPair(spans[one.first], spans[one.second], one.value, one.band) for one in couples)
    return SegmentPairs(pairs, found, time)


def _told(pair: SegmentPair, time: Timeline, scale: str) -> str:
    doubt = f" ± {number(pair.band)}" if pair.band else ""
    more = "more" if pair.value > 0 else "less"
    both = f"{span(time, *pair.first)} and {span(time, *pair.second)}"
    return f"{both}: {signed(pair.value)}{doubt} {scale}, {more} together than each by itself."
