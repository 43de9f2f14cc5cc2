"""Names of metrics, the facts they declare, and how to find them."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar

from .domain.score import Better, Effort, Line
from .errors import UnknownMetric, near
from .registry import options_of

F = TypeVar("F", bound=Callable[..., Any])
Family = Literal["removal", "agreement", "axiom", "class", "stability", "shape", "place", "cost"]
Asks = Literal["explainer", "promise", "samples", "truth", "gaze", "tuned", "clip"]
Card = Literal["quick", "standard", "full", "extended"]
CARDS: tuple[Card, ...] = ("quick", "standard", "full", "extended")
LEVELS: Mapping[Card, str] = {
    "quick": "in every report",
    "standard": "in a report of the standard or full level",
    "full": "in a report of the full level",
    "extended": "only where it is asked for by name",
}
BETTER: Mapping[Better, str] = {
    "higher": "higher is better",
    "lower": "lower is better",
    "neither": "describes, does not judge",
}
WORDS: Mapping[Asks, str] = {
    "explainer": "the method itself, not only its maps",
    "promise": "a method that promises to add up",
    "samples": "a method with error bars",
    "truth": "masks",
    "gaze": "gaze maps",
    "tuned": "a tuned copy",
    "clip": "a clip",
}


@dataclass(frozen=True)
class Metric:
    """One registered metric: the function and what it says about itself."""

    name: str
    function: Callable[..., Any]  # (trial, *, options) -> Scores
    family: Family
    lines: tuple[Line, ...]  # what it reports; the first is its headline
    effort: Callable[[Mapping[str, Any]], Effort]  # for one map, beside the clean prediction; an upper bound
    card: Card  # the smallest report that holds it; extended: only by name
    asks: frozenset[Asks]  # what must be there beside model and map
    paper: str
    traps: tuple[str, ...]
    blind_scale: bool  # only the order of the map's values counts
    brief: Mapping[str, Any]  # options in a quick report
    at_most: bool  # its effort is an upper bound
    reads_map: bool  # False: it is about how the map was made

    @property
    def options(self) -> dict[str, inspect.Parameter]:
        """The keyword-only options with their defaults."""
        return options_of(self.function)

    @property
    def defaults(self) -> dict[str, Any]:
        return {name: option.default for name, option in self.options.items()}

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.function) or "").split("\n")[0]

    @property
    def needs(self) -> list[str]:
        """What must be there beside model and map, in words."""
        return [words for ask, words in WORDS.items() if ask in self.asks]

    @property
    def bill(self) -> str:
        """Model calls for one map with the default options, and how many more maps."""
        effort = self.effort(self.defaults)
        more = f"{effort.explanations} map{'s' * (effort.explanations > 1)}" if effort.explanations else ""
        return " + ".join(filter(None, [str(effort.cost.calls) if effort.cost.calls else "", more])) or "0"

    def line(self, name: str) -> Line:
        """The line of that name."""
        return next(line for line in self.lines if line.name == name)


_METRICS: dict[str, Metric] = {}


def metric(
    name: str,
    *,
    family: Family,
    lines: tuple[Line, ...],
    card: Card,
    paper: str,
    effort: Callable[[Mapping[str, Any]], Effort] = lambda options: Effort(),
    asks: tuple[Asks, ...] = (),
    traps: tuple[str, ...] = (),
    blind_scale: bool = False,
    brief: Mapping[str, Any] | None = None,
    at_most: bool = False,
    reads_map: bool = True,
) -> Callable[[F], F]:
    """Register `f(trial, *, options) -> {line: Score}` under a name, with the facts that contracts test."""

    def register(function: F) -> F:
        _METRICS[name] = Metric(
            name,
            function,
            family,
            lines,
            effort,
            card,
            frozenset(asks),
            paper,
            traps,
            blind_scale,
            brief or {},
            at_most,
            reads_map,
        )
        return function

    return register


@functools.cache
def all_metrics() -> Mapping[str, Metric]:
    """Import every metric file."""
    package = importlib.import_module("seewhy.metrics")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return dict(sorted(_METRICS.items()))


def find_metric(name: str) -> Metric:
    """The metric of that name; unknown names are met with the nearest known ones."""
    metrics = all_metrics()
    if name not in metrics:
        raise UnknownMetric(
            f"There is no metric {name!r}.{near(name, metrics)}", fix=f"choose one of: {', '.join(metrics)}."
        )
    return metrics[name]


def metrics_of(card: Card, *, clips: bool = True) -> list[Metric]:
    """The metrics of a report of that size; those that judge clips only where there are some."""
    found = [one for one in all_metrics().values() if CARDS.index(one.card) <= CARDS.index(card)]
    return [one for one in found if clips or "clip" not in one.asks]


def describe(metric: Metric) -> dict[str, Any]:
    """A metric as plain data."""
    effort = metric.effort(metric.defaults)
    return {
        "name": metric.name,
        "family": metric.family,
        "card": metric.card,
        "asks": sorted(metric.asks),
        "summary": metric.summary,
        "lines": [asdict(line) for line in metric.lines],
        "calls": effort.cost.calls,
        "maps": effort.explanations,
        "options": {name: repr(value) for name, value in metric.defaults.items()},
        "traps": list(metric.traps),
        "paper": metric.paper,
    }
