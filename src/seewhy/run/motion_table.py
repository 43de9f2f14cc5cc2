"""What a model says to a clip and to edits of it, and what follows about motion, order and background."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import Tensor

from ..domain.cost import Cost
from ..domain.edits import Edit
from ..domain.score import KEEPS, LOSES
from ..domain.timeline import Timeline
from ..stats.bootstrap import mean_interval
from ..stats.interval import Interval

ALIKE = 0.02  # of the whole score: a change that means nothing
SHORTCUT = 0.8  # of the score that the background alone may give
Order = Literal["sensitive to frame order", "order changes nothing", "not known"]


@dataclass(frozen=True)
class EditRow:
    """The answers to one kind of edit."""

    name: str
    shows: str  # what the model was shown
    scores: tuple[float, ...]  # of the target, one for each clip that was made
    answers: tuple[str, ...]  # what the model calls each of them
    flips: int  # how many of them it calls something else than the clip itself
    every: bool = True  # no draws: these are all edits of this kind
    edits: tuple[Edit, ...] = field(default=(), repr=False)  # what made each of these clips, to show them again

    @property
    def score(self) -> float:
        """The mean."""
        return math.fsum(self.scores) / len(self.scores)

    @property
    def interval(self) -> Interval:
        """The mean with its 95 % interval over draws; where all edits were asked about, the mean is what it is."""
        if self.every:
            return Interval(self.score, self.score, self.score, len(self.scores))
        return mean_interval(self.scores)


@dataclass(frozen=True)
class FewFrames:
    """How many frames suffice, and how many must go, along one order."""

    order: tuple[int, ...]  # frames, the most useful first
    kept: tuple[float, ...]  # the score with the first 1, 2, … frames
    lost: tuple[float, ...]  # the score without the first 0, 1, … frames
    searched: int  # frames that were searched for; the others are in the order of the last round


@dataclass(frozen=True, eq=False)
class MotionTable:
    """Raw numbers first: each row says what was shown and what the score was."""

    name: str
    model: str
    target: str
    scale: str
    answer: str  # what the model calls the clip; empty where it does not decide
    chance: float | None  # the score of a guess, where that is known
    rows: tuple[EditRow, ...]
    frames: FewFrames | None
    clip: Tensor = field(repr=False)  # (c, t, h, w) as the model sees it
    time: Timeline
    notes: tuple[str, ...]
    settings: Mapping[str, Any]
    cost: Cost
    expected: Cost  # at most
    seconds: float

    def row(self, name: str) -> EditRow | None:
        """The row of that name; None where it was not asked about."""
        return next((row for row in self.rows if row.name == name), None)

    @property
    def whole(self) -> float:
        """The score of the clip itself."""
        return self._score("original")

    @property
    def stills(self) -> tuple[float, ...]:
        """The score of each frame, shown all the time."""
        row = self.row("single frames")
        assert row is not None
        return row.scores

    @property
    def best(self) -> int:
        """The frame that says most by itself."""
        return self.stills.index(max(self.stills))

    def part(self, score: float) -> float | None:
        """A score as a part of the whole one, both above chance (or above 0); None where the whole is not above it."""
        floor = self.chance or 0.0
        return (score - floor) / (self.whole - floor) if self.whole > floor else None

    @property
    def motion_share(self) -> float | None:
        """What no single frame gives: 1 - best frame / whole, both above chance, not below 0 and not above 1.

        Read it beside the scores: a still clip may also be unlike anything that the model has learned.
        """
        part = self.part(max(self.stills))
        return None if part is None else min(1.0, max(0.0, 1 - part))

    @property
    def order_effect(self) -> Interval:
        """What shuffling whole segments takes from the score: the mean with its 95 % interval over orders."""
        row = self.row("shuffled")
        assert row is not None
        found = row.interval
        return Interval(
            self.whole - found.value, self.whole - found.high, self.whole - found.low, found.count, found.dropped,
            found.units,
        )  # fmt: skip

    @property
    def order(self) -> Order:
        """Whether the order of segments counts: yes and no both need the whole interval."""
        effect, margin = self.order_effect, ALIKE * max(abs(self.whole), ALIKE)
        if effect.low > margin or effect.high < -margin:
            return "sensitive to frame order"
        return "order changes nothing" if -margin <= effect.low and effect.high <= margin else "not known"

    @property
    def suffice(self) -> int | None:
        """How many frames keep nearly all of the score; None where that was not asked, or means nothing."""
        return None if self.frames is None else self._first(self.frames.kept, lambda part: part >= KEEPS, 1)

    @property
    def needed(self) -> int | None:
        """How many frames must go until half of the score is lost; None where no number does it."""
        return None if self.frames is None else self._first(self.frames.lost, lambda part: part < LOSES, 0)

    @property
    def shortcut(self) -> float | None:
        """The part of the score that the background alone gives, where that is nearly all of it."""
        row = self.row("background only")
        part = None if row is None else self.part(row.score)
        return part if part is not None and part >= SHORTCUT else None

    def summary(self) -> str:
        """What may be concluded, in sentences, each beside its numbers."""
        from ..render.motion import sentences

        return "\n".join(sentences(self))

    def to_json(self) -> dict[str, Any]:
        """Plain data; documented in docs/guide/motion.md."""
        from ..store.motion import to_json

        return to_json(self)

    def __str__(self) -> str:
        return self.summary()

    def _score(self, name: str) -> float:
        row = self.row(name)
        assert row is not None
        return row.score

    def _first(self, curve: tuple[float, ...], passes: Any, start: int) -> int | None:
        parts = [self.part(score) for score in curve]
        return next((i for i, part in enumerate(parts, start) if part is not None and passes(part)), None)
