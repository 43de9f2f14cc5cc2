"""A report card: scores of several methods on the same images, and how to read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..domain.cost import Cost
from ..domain.score import Line
from ..errors import BadOption
from ..metric_registry import Family, find_metric
from ..run.explainers import Role
from ..stats.bootstrap import mean_interval, ratio_interval
from ..stats.compare import Contest, Ranking, compare
from ..stats.interval import Interval
from ..stats.proportions import wilson

Numbers = NDArray[np.float64]
HEADLINE = "gain"
NO_MAP, NOT_ASKED = "there is no map", "a search is judged by what it searched for"
ORDER: tuple[Family, ...] = ("removal", "agreement", "class", "axiom", "place", "stability", "shape", "cost")


@dataclass(frozen=True)
class Contestant:
    """Whoever made maps, as it appears in a report."""

    name: str
    role: Role
    cost: Cost  # of all its maps
    seconds: float
    maps: int  # that it made
    problems: Mapping[str, int] = field(default_factory=dict)  # why there is no map -> number of images


@dataclass(frozen=True, eq=False)
class Row:
    """One line of a metric: a number per method and image; NaN where there is none."""

    metric: str
    line: Line
    values: Numbers  # (methods, images)
    errors: Numbers  # standard error of the metric's own sampling
    halfwidths: Numbers  # of the 95 % interval that comes from it
    whys: tuple[Mapping[str, int], ...]  # for each method, why there is no number -> number of images


@dataclass(frozen=True, eq=False)
class ReportCard:
    """Scores of several methods on the same images, with all that is needed to say what they mean."""

    model: str
    level: str
    contestants: tuple[Contestant, ...]
    rows: tuple[Row, ...]
    images: tuple[str, ...]
    failures: Mapping[str, str]  # image -> what happened
    clusters: tuple[Any, ...] | None  # of the images that are in
    cost: Cost
    expected: Cost  # at most, as far as the explainers tell
    seconds: float
    settings: Mapping[str, Any]
    cancelled: bool = False
    tuned: Mapping[str, float] | None = None  # how well the tuned copy knows images with holes

    @property
    def methods(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.contestants)

    @property
    def headline(self) -> str:
        """The line that methods are ranked by: the gain, or the first that was asked for."""
        names = [row.line.name for row in self.rows]
        return HEADLINE if HEADLINE in names else names[0]

    @property
    def shown(self) -> list[Row]:
        """The rows in which anyone has a number: the headline's metric, what else is faithfulness, the cost last."""
        first = self.row(self.headline).metric
        rows = [row for row in self.rows if not np.isnan(row.values).all() and not self._repeats(row)]
        return sorted(rows, key=lambda row: (row.metric != first, ORDER.index(find_metric(row.metric).family)))

    def _repeats(self, row: Row) -> bool:
        """Whether it says what the first line of its metric says, as the gain of the only fill does."""
        first = next(other for other in self.rows if other.metric == row.metric)
        return first is not row and np.array_equal(first.values, row.values, equal_nan=True)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.methods)}

    def row(self, line: str) -> Row:
        """The row of a line."""
        found = [row for row in self.rows if row.line.name == line]
        if not found:
            names = ", ".join(row.line.name for row in self.rows)
            raise BadOption(f"This report has no line {line!r}.", fix=f"choose one of: {names}.")
        return found[0]

    def interval(self, method: str, line: str) -> Interval:
        """The mean over the images with its 95 % interval; of shares Wilson's."""
        row = self.row(line)
        values = row.values[self._index[method]]
        if row.line.share and self.clusters is None:
            return wilson(values)
        return mean_interval(values, clusters=self.clusters)

    def named(self, *roles: Role) -> list[str]:
        """Who is in the report as a method, as a control or as a bound."""
        return [one.name for one in self.contestants if one.role in roles]

    def ranking(self, line: str = HEADLINE, *, controls: bool = True) -> Ranking:
        """Methods and controls compared in pairs on the same images, the better the higher; bounds stand outside."""
        row = self.row(line)
        sign = -1.0 if row.line.better == "lower" else 1.0
        chosen = self.named("method", "control") if controls else self.named("method")
        scores = {name: sign * row.values[self._index[name]] for name in chosen}
        scores = {name: values for name, values in scores.items() if not np.isnan(values).all()}
        return compare(scores, clusters=self.clusters) if scores else Ranking({}, {}, (), 0)

    def against_controls(self, method: str, line: str = HEADLINE) -> dict[str, Contest]:
        """The method with each control on the same images; "better than all" needs each of these to say so."""
        row, found = self.row(line), {}
        sign = -1.0 if row.line.better == "lower" else 1.0
        for control in (name for name in self.named("control") if name != method):
            pair = {name: sign * row.values[self._index[name]] for name in (method, control)}
            if not any(np.isnan(values).all() for values in pair.values()):
                (found[control],) = compare(pair, clusters=self.clusters).contests
        return found

    def reached(self, method: str, line: str = HEADLINE) -> dict[str, Interval]:
        """What part of each bound a method reaches: their means on the same images, one divided by the other."""
        values, found = self.row(line).values, {}
        for bound in (name for name in self.named("bound") if name != method):
            pair = values[self._index[method]], values[self._index[bound]]
            if not np.isnan(pair[0] + pair[1]).all():
                found[bound] = ratio_interval(*pair, clusters=self.clusters)
        return found

    def summary(self) -> str:
        """What may be concluded and what not, in sentences."""
        from .conclusions import conclusions

        return "\n".join(conclusions(self))

    def to_json(self) -> dict[str, Any]:
        """Plain data, every number of every image included; documented in docs/guide/json.md."""
        from .card_json import to_json

        return to_json(self)

    def html(self) -> str:
        """The whole report as one page that loads nothing from outside."""
        from .card_page import page

        return page(self)

    def save(self, directory: str | Path) -> Path:
        """Write report_card.json and report_card.html into a directory."""
        from .card_json import save

        return save(self, Path(directory))

    def __str__(self) -> str:
        return self.summary()
