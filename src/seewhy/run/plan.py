"""Which methods run with which options, and what that will cost."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import Module

from ..domain.baseline import Baseline
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.geometry import Geometry
from ..domain.options import coerce, encode
from ..domain.ranges import whole
from ..domain.regions import Given, Patches, Windows
from ..engine.records import Wants
from ..errors import BudgetTooSmall, UnknownOption, near
from ..models.layers import find_name
from ..models.model import Model
from ..models.torch_module import TorchModel
from ..registry import Ask, Entry, find_method, load_all, require
from .auto import choose
from .recommended import Recommends, recommended

AUTO = "auto"
Methods = str | Recommends | Sequence[str] | Mapping[str, Mapping[str, Any]] | None


@dataclass(frozen=True)
class Step:
    """One method with all its options, defaults included."""

    entry: Entry
    options: Mapping[str, Any]
    why: str = ""  # it was chosen, where nobody named it

    @property
    def encoded(self) -> dict[str, Any]:
        return {name: encode(value) for name, value in self.options.items()}

    def on(self, geometry: Geometry) -> Step:
        """With regions that were drawn on the original photo as regions of what the model sees."""
        given = self.options.get("regions")
        axes = len(geometry.pixels)
        if not isinstance(given, Given) or tuple(given.masks.shape[-axes:]) != geometry.pixels or not geometry.steps:
            return self
        masks = np.asarray(given.masks)
        seen = geometry.to_model(masks) if masks.ndim == axes else np.stack([geometry.to_model(m > 0) for m in masks])
        return replace(self, options={**self.options, "regions": Given(seen)})

    def ask(self, image: Tensor, model: Model) -> Ask:
        """What the declared cost depends on, for one image (c, *space) that the model has met."""
        baseline, regions = self.options.get("baseline"), self.options.get("regions")
        if "stride" in self.options:
            regions = Windows(self.options["window"], self.options["stride"])
        parts = 0 if regions is None else _count(regions, image, model)
        fills = baseline.fills if isinstance(baseline, Baseline) else 1
        return Ask(tuple(image.shape[1:]), parts, fills, self.options, self._layer(model))

    def cost(self, image: Tensor, model: Model) -> Cost:
        """Model calls for one image, the prediction included; an upper bound where sampling may stop early."""
        return self.entry.cost(self.ask(image, model))

    def _layer(self, model: Model) -> tuple[int, ...]:
        """The shape of the layer that it reads."""
        if "layer" not in self.entry.reads:
            return ()
        asked = self.options.get("layer")
        return (model.layout.choose() if asked is None else model.layout.choice(asked)).shape


def plan(
    methods: Methods,
    options: Mapping[str, Any],
    model: Model,
    *,
    seed: int,
    budget: int | None = None,
    image: Tensor | None = None,
) -> tuple[list[Step], bool]:
    """The steps to run, and whether a single method was asked for; `auto` looks at the budget and the first image.

    A recommendation, or `auto:PATH` of a stored one, chooses for the model that it was made for.
    """
    whole("seed", seed, least=0)
    single = methods is None or isinstance(methods, str | Recommends)
    if methods is None:
        methods = default_method(model)
    chooser = methods[0] if isinstance(methods, list | tuple) and len(methods) == 1 else methods
    options = {name: _layer_name(value, model) for name, value in options.items()}
    found = recommended(chooser)
    if found is not None or chooser == AUTO:
        choice = choose(model, options, budget, image) if found is None else found.choice(model)
        return [replace(_step(choice.entry, {**choice.options, **options}, seed), why=choice.why)], single
    per_method = methods if isinstance(methods, Mapping) else {name: {} for name in _names(methods)}
    entries = [find_method(name) for name in per_method]
    _all_known(options, entries)
    for entry in entries:
        require(entry, model.capabilities, model.name, model.missing)
    return [_step(entry, {**_fitting(options, entry), **per_method[entry.name]}, seed) for entry in entries], single


def default_method(model: Model) -> str:
    """A method that suits the kind of model: what its capabilities allow, cheapest first."""
    offers = model.capabilities
    if Capability.LAYERS | Capability.GRADIENTS in offers:
        return "grad-cam"
    return "integrated-gradients" if Capability.GRADIENTS in offers else "occlusion"


def wants_of(step: Step, model: Model) -> Wants:
    """What a method will read of the clean images."""
    entry, options = step.entry, step.options
    layer = options.get("layer")
    layers: tuple[str, ...] = ()
    if "layer" in entry.reads:
        layers = (model.layout.choose().name if layer is None else model.layout.find(layer),)
    if "levels" in entry.reads:
        layers = model.layout.levels(options["levels"])
    gradients = bool(entry.reads) and Capability.GRADIENTS in entry.needs
    return Wants("input" in entry.reads, layers, "attention" in entry.reads, gradients, "values" in entry.reads)


def affordable(step: Step, cost: Cost, budget: int) -> None:
    """Refuse what cannot be done within the budget; sampling methods stop when it is spent instead."""
    if cost.calls > budget and not step.entry.samples:
        raise BudgetTooSmall(
            f"{step.entry.name} needs {cost.calls} model calls for this image, the budget is {budget}.",
            fix=f"raise the budget to {cost.calls}, choose coarser options, or a method that samples.",
        )


def _layer_name(value: Any, model: Model) -> Any:
    """A layer given as a module, by its name."""
    return find_name(value, model.module) if isinstance(value, Module) and isinstance(model, TorchModel) else value


def _names(methods: Any) -> list[str]:
    return [methods] if isinstance(methods, str) else list(dict.fromkeys(methods))


def _step(entry: Entry, given: Mapping[str, Any], seed: int) -> Step:
    options = {name: option.default for name, option in entry.options.items()}
    if "seed" in options:
        options["seed"] = seed
    _all_known(given, [entry])
    return Step(entry, options | typed(entry.function, given))


def typed(function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Option values as the types that a function declares, text included."""
    hints = typing.get_type_hints(inspect.unwrap(function))
    return {name: coerce(name, value, hints[name]) for name, value in given.items()}


def _fitting(options: Mapping[str, Any], entry: Entry) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name in entry.options}


def _all_known(options: Mapping[str, Any], entries: Sequence[Entry]) -> None:
    """An option that no method has is an error, never ignored."""
    known = {name for entry in entries for name in entry.options}
    for name in options:
        if name not in known:
            methods = ", ".join(entry.name for entry in entries)
            owners = ", ".join(entry.name for entry in load_all().values() if name in entry.options)
            elsewhere = f", or ask a method that has it: {owners}" if owners else ""
            raise UnknownOption(
                f"{methods} has no option {name!r}.{near(name, known)}",
                fix=f"use its options: {', '.join(sorted(known)) or 'none'}{elsewhere}.",
            )


def _count(regions: Any, image: Tensor, model: Model) -> int:
    if isinstance(regions, Windows):
        return regions.count(tuple(image.shape[1:]))
    tokens = model.layout.tokens if isinstance(regions, Patches) else None
    patches = None if tokens is None else tuple(tokens.grid)
    return int(regions.of(image, patches).count)
