"""Who is put to the test: a method of ours, a peer's, a function, or a function in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..domain.baseline import Colour
from ..domain.capability import Capability
from ..domain.clip_regions import Frames
from ..domain.regions import Grid, Pixels
from ..errors import BadOption
from ..explanation import Explanation
from ..models.zoo import named_in_file
from ..registry import Ask, Entry, find_method
from ..run.explain import explain
from . import peers
from .claims import all_of
from .setting import Setting

AFFORDABLE = 4096  # model calls of one explanation
AT_PIXELS = 1 << 17  # where every pixel is a part: there are few
FEWEST = 16  # samples


@dataclass(frozen=True)
class Subject:
    """An explainer with what it claims; levels ask it through `ask(network, images, targets, setting)`."""

    name: str
    ask: Callable[[nn.Module, Tensor, list[int], Setting], Any]
    claims: frozenset[str] = frozenset()
    axes: tuple[int, ...] = (2, 3)  # images, clips
    samples: bool = False  # the setting's number of samples means something to it
    draws: bool = True  # its map may depend on the seed
    entry: Entry | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """Whether anything is claimed, so that a level can fail."""
        return bool(self.claims)


def subject_of(
    explainer: Any, claims: Iterable[str] | None = None, options: Mapping[str, Any] | None = None
) -> Subject:
    """The subject of a name or function; `claims` replace those that it is known for."""
    found = _named(explainer, options or {}) if isinstance(explainer, str) else _function(explainer, options or {})
    return found if claims is None else replace(found, claims=all_of(claims))


def _named(name: str, options: Mapping[str, Any]) -> Subject:
    library, colon, rest = name.partition(":")
    if colon and library in peers.LIBRARIES:
        peer = peers.peer_of(library, rest)
        return Subject(name, peer.with_options(options), all_of(peer.claims), peer.axes, peer.samples, peer.samples)
    if colon:
        return replace(_function(named_in_file(library, rest), options), name=name)
    return _ours(find_method(name), options)


def _function(explainer: Any, options: Mapping[str, Any]) -> Subject:
    if not callable(explainer):
        problem = f"{explainer!r} is neither a name nor a function."
        raise BadOption(problem, fix="give a method's name, or a function of (network, images, targets).")

    def ask(network: nn.Module, images: Tensor, targets: list[int], setting: Setting) -> Any:
        return explainer(network, images, targets, **options)

    return Subject(str(getattr(explainer, "__name__", type(explainer).__name__)), ask)


def _ours(entry: Entry, options: Mapping[str, Any]) -> Subject:
    always = {"per-image": True, "counted": True, "error-bars": entry.samples, "sparing": remembers(entry)}
    claims = all_of((*entry.axioms, *(claim for claim, due in always.items() if due)))

    def ask(network: nn.Module, images: Tensor, targets: list[int], setting: Setting) -> Tensor:
        found = explanations(entry, options, network, images, targets, setting)
        return torch.from_numpy(np.stack([one.heatmap() for one in found]))

    return Subject(entry.name, ask, claims, entry.spaces, entry.samples, "seed" in entry.options, entry, options)


def remembers(entry: Entry) -> bool:
    """Whether nothing is asked but scores: these are remembered. Other methods may change the network on the way."""
    return entry.needs == Capability.SCORES


def explanations(
    entry: Entry, options: Mapping[str, Any], network: Any, images: Tensor, targets: list[int], setting: Setting
) -> list[Explanation]:
    """What one of our methods says, on the scale of the network's own outputs, whatever it was published for."""
    if images.ndim - 2 not in entry.spaces:
        raise NotImplementedError(f"{entry.name} does not explain inputs with {images.ndim - 2} axes")
    chosen = {**_suited(entry, tuple(images.shape[2:]), setting), **options}
    return list(
        explain(
            network, images, method=entry.name, target=targets, scale="logit", checks="quick", seed=setting.seed,
            backend="plain", **chosen,
        )
    )  # fmt: skip


def _suited(entry: Entry, space: tuple[int, ...], setting: Setting) -> dict[str, Any]:
    """Options by their names: black is absent, every pixel (or cell) is a part, nothing stops early."""
    side = setting.side(space)
    wanted = {
        "baseline": Colour(0.0), "tolerance": 0.0, "window": side, "stride": side, "samples": setting.samples,
        "cells": max(space) // side, "steps": 64, "sign": "both",
    }  # fmt: skip
    if 2 not in entry.spaces:  # a window of some pixels says nothing about frames
        del wanted["window"], wanted["stride"]
    chosen = {name: value for name, value in wanted.items() if name in entry.options}
    options = {name: option.default for name, option in entry.options.items()} | chosen
    parts = 1
    if "regions" in entry.options:
        regions = _regions(entry, space, setting, options)
        chosen["regions"], parts = regions, regions.of(torch.zeros(1, *space)).count
    if entry.samples:
        chosen["samples"] = _affordable(entry, Ask(space, parts, 1, options), setting.samples)
    return chosen


def _regions(
    entry: Entry, space: tuple[int, ...], setting: Setting, options: Mapping[str, Any]
) -> Pixels | Grid | Frames:
    """Pixels or cells; coarser ones for a method that asks about all coalitions and cannot afford these."""
    parts = Pixels() if setting.cells is None else Grid(setting.cells)
    count = parts.of(torch.zeros(1, *space)).count
    most = AT_PIXELS if setting.cells is None else AFFORDABLE
    if entry.samples or entry.cost(Ask(space, count, 1, options)).calls <= most:
        return parts
    return Frames() if setting.cells is None and len(space) == 3 else Grid(2)


def _affordable(entry: Entry, ask: Ask, calls: int) -> int:
    """As many samples as these model calls pay for: a sample may be an order, which takes a call for each part."""
    samples = calls
    while samples > FEWEST and entry.cost(replace(ask, options={**ask.options, "samples": samples})).calls > calls + 4:
        samples //= 2
    return samples
