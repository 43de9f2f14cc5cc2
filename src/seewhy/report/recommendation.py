"""Which method to use for a model: who was judged, who fell behind, and what is left."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..run.recommended import SCHEMA, Recommended, Recommends, damaged, read
from ..stats.compare import Ranking, compare
from ..stats.halving import ahead, surely_better
from .card import Contestant, Numbers, ReportCard

Ending = Literal["decided", "tied", "images", "budget", "cancelled"]


@dataclass(frozen=True)
class Round:
    """A look at all images so far."""

    images: int
    asked: tuple[str, ...]
    dropped: Mapping[str, str]  # who was surely behind -> behind whom; "" where there was no number at all


@dataclass(frozen=True, eq=False, repr=False)
class Recommendation(Recommends):
    """The most faithful method for one model, with all that was measured to find it."""

    fingerprint: str
    line: str
    settings: Mapping[str, Mapping[str, Any] | None]  # of a method its name and options; None: no method of ours
    rounds: tuple[Round, ...]
    tests: int  # that share the 5 %: the rivals of a contestant, times the looks that were planned
    ended: Ending
    left_out: Mapping[str, str]  # who did not take part -> why
    evidence: ReportCard
    priced: str = ""  # how seconds became a budget of calls

    @cached_property
    def left(self) -> tuple[str, ...]:
        """Those that are not surely behind, controls included."""
        return tuple(name for name in self.rounds[-1].asked if name not in self._victors)

    @cached_property
    def worthy(self) -> tuple[str, ...]:
        """The methods among them that are surely better than every control."""
        controls = [name for name in self.evidence.named("control") if not np.isnan(self._scores[name]).all()]
        methods = [name for name in self.left if name in self.evidence.named("method")]
        return tuple(m for m in methods if all(self.surely_better(m, control) for control in controls))

    @property
    def method(self) -> str | None:
        """The one to use: the best, or the cheapest of those that cannot be told apart; None where none is worth it."""
        return min(self.worthy, key=self._price, default=None)

    @property
    def tied(self) -> tuple[str, ...]:
        """The methods that cannot be told from the one to use."""
        methods = self.evidence.named("method")
        return tuple(name for name in self.left if name in methods and name != self.method)

    @cached_property
    def among_left(self) -> Ranking:
        """Those that are left, compared on the images that all of them were judged on."""
        return compare({name: self._scores[name] for name in self.left}, clusters=self.evidence.clusters)

    def probability(self, name: str) -> float:
        """At least how probable it is that a method is the best: of those left, less the doubts about the others."""
        dropped = [one for one, victor in self._victors.items() if victor]
        doubts = [1 - ahead(self._scores[name], self._scores[one], clusters=self.evidence.clusters) for one in dropped]
        return float(np.maximum(0.0, self.among_left.best[name] - sum(doubts)))  # NaN from too few images stays

    def surely_better(self, ours: str, theirs: str) -> bool:
        """On the same images, or because ours is better than the one that theirs fell behind."""
        victor = self._victors.get(theirs)
        if victor == ours:
            return True
        pair = self._scores[ours], self._scores[theirs]
        if surely_better(*pair, tests=self.tests, clusters=self.evidence.clusters):
            return True
        return bool(victor) and self.surely_better(ours, str(victor))

    def calls(self, name: str) -> float:
        """Model calls for one map, as measured."""
        one = self._contestants[name]
        return one.cost.calls / one.maps if one.maps else math.inf

    @property
    def recommended(self) -> Recommended:
        """What `explain(method=...)` runs."""
        from .advice import reason

        setting = self.settings.get(self.method or "")
        why = reason(self)
        if self.method is not None and setting is None:
            why = f"It recommends {self.method}, which is no method of seewhy's: only its function can make its maps."
        known = setting or {"method": "", "options": {}}
        return Recommended(self.evidence.model, self.fingerprint, known["method"], known["options"], why)

    def summary(self) -> str:
        """Which method to use, how sure that is, and what was done to find out, in sentences."""
        from .advice import advice

        return "\n".join(advice(self))

    def to_json(self) -> dict[str, Any]:
        """Plain data, the evidence included; documented in docs/guide/recommend.md."""
        shares = {name: self.probability(name) for name in self.worthy}
        return {
            "schema": SCHEMA,
            "method": self.method,
            "tied": list(self.tied),
            "probability": {name: None if math.isnan(share) else share for name, share in shares.items()},
            "conclusions": self.summary().split("\n"),
            "recommended": asdict(self.recommended),
            "line": self.line,
            "settings": dict(self.settings),
            "rounds": [asdict(one) for one in self.rounds],
            "tests": self.tests,
            "ended": self.ended,
            "left_out": dict(self.left_out),
            "priced": self.priced,
            "evidence": self.evidence.to_json(),
        }

    def save(self, path: str | Path) -> Path:
        """Write it as one JSON file, for `Recommendation.load` and `method="auto:PATH"`."""
        from .html import write_whole

        return write_whole(Path(path), f"{json.dumps(self.to_json(), indent=1, ensure_ascii=False)}\n")

    @staticmethod
    def load(path: str | Path) -> Recommendation:
        """What `save` wrote."""
        from .card_read import from_json

        data = read(path)
        try:
            return Recommendation(
                data["recommended"]["fingerprint"], data["line"], data["settings"],
                tuple(Round(one["images"], tuple(one["asked"]), one["dropped"]) for one in data["rounds"]),
                data["tests"], data["ended"], data["left_out"], from_json(data["evidence"]), data["priced"],
            )  # fmt: skip
        except (KeyError, TypeError, AttributeError) as error:
            raise damaged(path, error) from error

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        return f"<Recommendation of {self.method or 'no method'} for {self.evidence.model}>"

    @cached_property
    def _victors(self) -> dict[str, str]:
        return {name: victor for one in self.rounds for name, victor in one.dropped.items()}

    @cached_property
    def _contestants(self) -> dict[str, Contestant]:
        return {one.name: one for one in self.evidence.contestants}

    @cached_property
    def _scores(self) -> dict[str, Numbers]:
        """The better the higher."""
        row = self.evidence.row(self.line)
        sign = -1.0 if row.line.better == "lower" else 1.0
        return dict(zip(self.evidence.methods, sign * row.values, strict=True))

    def _price(self, name: str) -> tuple[float, float]:
        one = self._contestants[name]
        return self.calls(name), one.seconds / max(1, one.maps)
