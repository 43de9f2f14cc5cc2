"""Names of methods, the facts they declare, and how to find them; listing needs no torch."""

from __future__ import annotations

import functools
import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal, TypeVar

from .domain.capability import Capability
from .domain.cost import Cost
from .errors import MissingCapability, UnknownMethod, near

FACTS_FILE = Path(__file__).with_name("facts.json")
F = TypeVar("F", bound=Callable[..., Any])
LAYER = (512, 7, 7)  # of a typical network, where none is at hand
Scale = Literal["logit", "probability", "log-odds"]


@dataclass(frozen=True)
class Ask:
    """What a declared cost may depend on: one image, its parts, the baseline's fills, the options, the layer read."""

    space: tuple[int, ...]
    parts: int
    fills: int
    options: Mapping[str, Any]
    layer: tuple[int, ...] = ()  # k, *grid; of methods that read one

    def __getitem__(self, option: str) -> Any:
        return self.options[option]


@dataclass(frozen=True)
class Entry:
    """One registered method: the function and what it promises about itself."""

    name: str
    function: Callable[..., Any]
    family: str  # gradient, activation, attention, perturbation, shapley, control
    needs: Capability
    paper: str
    cost: Callable[[Ask], Cost]  # of one image, the prediction included; an upper bound when it samples
    shows: str  # one sentence for a person: what the map shows
    traps: tuple[str, ...]  # known ways to be misled
    axioms: frozenset[str]  # complete, dummy, linear, class-specific, ...
    signed: bool
    samples: bool  # draws samples, so has error bars and a stop rule
    reads: frozenset[str]  # what it reads of the clean image: input, layer, levels, attention, values
    spaces: tuple[int, ...]  # spatial dimensions it handles: 2 images, 3 clips
    scale: Scale  # of the score it was published for; the person's own wish goes first
    class_blind: bool = False  # the same map for every class: it cannot speak for or against one
    jumps: bool = False  # made of thresholds, or of an order: rounding moves single places of the map
    ratio: bool = False  # values are shares without the unit of the score: what is divided is rounded twice

    @property
    def options(self) -> dict[str, inspect.Parameter]:
        """The keyword-only options with their defaults: the one source of flags, forms and docs."""
        return options_of(self.function)

    @property
    def only_looks(self) -> bool:
        """Whether the shared pass over the clean images is all that it costs."""
        shared = Cost(1, 1 if Capability.GRADIENTS in self.needs else 0)
        return bool(self.reads) and self.cost(typical(self)) == shared

    def passes(self, options: Mapping[str, Any]) -> Cost:
        """What asking about an image takes with these options: an estimate, since parts are counted on an image."""
        return self.cost(replace(typical(self), options=options))

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.function) or "").split("\n")[0]


_ENTRIES: dict[str, Entry] = {}


def options_of(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The keyword-only parameters of a function."""
    parameters = inspect.signature(function, eval_str=False).parameters
    return {name: p for name, p in parameters.items() if p.kind is p.KEYWORD_ONLY}


def method(
    name: str,
    *,
    family: str,
    needs: Capability,
    paper: str,
    cost: Callable[[Ask], Cost],
    shows: str,
    traps: tuple[str, ...] = (),
    axioms: tuple[str, ...] = (),
    signed: bool = True,
    samples: bool = False,
    reads: tuple[str, ...] = (),
    spaces: tuple[int, ...] = (2, 3),
    scale: Scale = "logit",
    class_blind: bool = False,
    jumps: bool = False,
    ratio: bool = False,
) -> Callable[[F], F]:
    """Register `f(probe, images, *, options) -> Evidence` under a name, with the facts that contracts test."""

    def register(function: F) -> F:
        _ENTRIES[name] = Entry(
            name, function, family, needs, paper, cost, shows, traps,
            frozenset(axioms), signed, samples, frozenset(reads), spaces, scale, class_blind, jumps,
            ratio,
        )  # fmt: skip
        return function

    return register


@functools.cache
def load_all() -> Mapping[str, Entry]:
    """Import every method file and every plugin of the entry-point group `seewhy.methods`."""
    package = importlib.import_module("seewhy.methods")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    for plugin in entry_points(group="seewhy.methods"):
        plugin.load()
    return dict(sorted(_ENTRIES.items()))


def find_method(name: str) -> Entry:
    """The entry of that name; unknown names are met with the nearest known ones."""
    entries = load_all()
    if name not in entries:
        raise UnknownMethod(
            f"There is no method {name!r}.{near(name, entries)}",
            fix=f"choose one of: {', '.join(entries)} (`seewhy methods` tells what each shows).",
        )
    return entries[name]


def require(entry: Entry, offers: Capability, model: str, reasons: Mapping[Capability, str]) -> None:
    """Refuse a method that the model cannot serve, say why, and name the ones it can."""
    missing = entry.needs & ~offers
    if missing:
        usable = [
            other.name for other in load_all().values() if not other.needs & ~offers and other.family != "control"
        ]
        why = "; ".join(dict.fromkeys(reasons[flag] for flag in missing if flag in reasons))
        wrap = "wrap a torch.nn.Module, or " if Capability.GRADIENTS in missing else ""
        raise MissingCapability(
            f"Method {entry.name!r} needs {missing.words()}, which {model} does not offer{f': {why}' * bool(why)}.",
            fix=f"{wrap}use a method that this model can have: {', '.join(usable)}.",
        )


@dataclass(frozen=True)
class Facts:
    """What the generated index tells about a method without importing it."""

    name: str
    family: str
    summary: str
    shows: str
    needs: tuple[str, ...]
    paper: str
    signed: bool
    samples: bool
    axioms: tuple[str, ...]
    traps: tuple[str, ...]
    spaces: tuple[int, ...]
    class_blind: bool
    calls: int  # model calls for a typical photo with the default options, at most
    options: dict[str, dict[str, str]] = field(default_factory=dict)


def facts() -> dict[str, Facts]:
    """The generated index `facts.json`; a test keeps it equal to the code."""
    rows = json.loads(FACTS_FILE.read_text(encoding="utf-8"))
    return {row["name"]: Facts(**_tuples(row)) for row in rows}


def _tuples(row: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}


def describe(entry: Entry) -> dict[str, Any]:
    """An entry as the plain data that `facts.json` holds."""
    return {
        "name": entry.name,
        "family": entry.family,
        "summary": entry.summary,
        "shows": entry.shows,
        "needs": entry.needs.names(),
        "paper": entry.paper,
        "signed": entry.signed,
        "samples": entry.samples,
        "axioms": sorted(entry.axioms),
        "traps": list(entry.traps),
        "spaces": list(entry.spaces),
        "class_blind": entry.class_blind,
        "calls": entry.cost(typical(entry)).calls,
        "options": {
            name: {"type": str(option.annotation), "default": repr(option.default)}
            for name, option in entry.options.items()
        },
    }


def typical(entry: Entry) -> Ask:
    """A photo of 224 x 224 pixels, or where only clips are served one of 16 frames, and the default options."""
    from .domain.regions import Windows

    options = {name: option.default for name, option in entry.options.items()}
    space = (224, 224) if 2 in entry.spaces else (16, 112, 112)
    regions = options.get("regions")
    parts = getattr(regions, "cells", 0) ** 2 or getattr(regions, "count", 0) or (space[0] if len(space) == 3 else 0)
    if "stride" in options:
        parts = Windows(options["window"], options["stride"]).count(space)
    return Ask(space, parts, getattr(options.get("baseline"), "fills", 1), options, LAYER)


def write_facts() -> None:
    """Regenerate `facts.json` (run by `make facts`)."""
    rows = [describe(entry) for entry in load_all().values()]
    FACTS_FILE.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
