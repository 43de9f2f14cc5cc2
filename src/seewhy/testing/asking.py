"""How contracts ask: cases to ask about, cheap options by name, and one method at a time without the registry."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..domain.capability import Capability
from ..domain.clip_regions import Frames
from ..domain.regions import Grid
from ..domain.shapes import Images, Outputs
from ..domain.target import Asked, Scale, Target
from ..engine.answers import Answers, Key
from ..engine.control import Control
from ..engine.probe import Precision, Probe
from ..explanation import Explanation
from ..inputs.preprocess import Preprocess
from ..inputs.read import read_sample
from ..models.adapt import adapt
from ..models.model import Model
from ..registry import Entry
from ..run.batch import Backend, Job, explain_batch
from ..run.plan import Step
from .tiny_models import pictures, plain_function, tiny_cnn, tiny_pooled, tiny_vit


@dataclass(frozen=True)
class Case:
    """Something to explain, made afresh each time, and the shape (c, *space) of its input."""

    name: str
    build: Callable[[], Any]
    shape: tuple[int, ...]
    only: Capability = Capability.NOTHING  # methods that need this, and no others, are asked about it

    @property
    def axes(self) -> int:
        return len(self.shape) - 1

    def images(self, count: int = 2) -> Images:
        return pictures(count, *self.shape)

    def model(self) -> Model:
        """The thing as a model that has met the shape of its input."""
        model = adapt(self.build())
        model.meet(self.shape)
        return model

    def serves(self, entry: Entry) -> bool:
        """Whether the method can be asked about this case."""
        return self.axes in entry.spaces and not self.only & ~entry.needs and not entry.needs & ~_offered(self)

    def __str__(self) -> str:
        return self.name


@functools.cache
def _offered(case: Case) -> Capability:
    return case.model().capabilities


IMAGE, CLIP = (3, 24, 24), (3, 8, 16, 16)
CASES = (
    Case("cnn", tiny_cnn, IMAGE),
    Case("vit", tiny_vit, IMAGE),
    Case("function", lambda: plain_function, IMAGE),
    Case("clip-cnn", lambda: tiny_cnn(3), CLIP),
    Case("clip-vit", lambda: tiny_vit(CLIP[1:]), CLIP),
    Case("pooled", tiny_pooled, IMAGE, Capability.POOLING),
    Case("clip-pooled", lambda: tiny_pooled(3), CLIP, Capability.POOLING),
)
NETWORKS = tuple(case for case in CASES if case.name != "function")
_CHEAP = {"samples": 64, "steps": 5, "window": 4, "stride": 4, "cells": 3, "tolerance": 0.0, "sign": "both"}


def cases_of(entry: Entry, cases: Sequence[Case] = CASES) -> list[Case]:
    """The cases that can serve a method."""
    return [case for case in cases if case.serves(entry)]


def step_of(entry: Entry, axes: int, options: Mapping[str, Any] | None = None) -> Step:
    """The method with cheap options, chosen by their names; `tolerance` 0 keeps sampling from stopping early."""
    cheap = {**_CHEAP, "regions": Grid(3 if axes == 2 else 2) if 2 in entry.spaces else Frames()}
    chosen = {name: cheap.get(name, option.default) for name, option in entry.options.items()}
    return Step(entry, {**chosen, **{k: v for k, v in (options or {}).items() if k in entry.options}})


def ask_all(
    steps: Sequence[Step],
    thing: Any,
    images: Images,
    *,
    target: Asked = 1,
    scale: Scale | None = None,
    budget: int | None = None,
    precision: Precision = "float32",
    control: Control | None = None,
    checks: str = "quick",
    backend: Backend = "plain",
) -> list[list[Any]]:
    """What the runner answers for steps asked for together, [image][step]; methods need not be registered."""
    job = Job(adapt(thing), steps, control or Control(), scale, precision, budget, checks, 0, backend)
    samples = [read_sample(image, Preprocess.plain()) for image in images]
    return explain_batch(job, samples, [target] * len(samples))


def ask(
    entry: Entry, thing: Any, images: Images, options: Mapping[str, Any] | None = None, **how: Any
) -> list[Explanation]:
    """One method's explanations of images, with cheap options unless others are given."""
    step = step_of(entry, images.ndim - 2, options)
    return [row[0] for row in ask_all([step], thing, images, **how)]


class Forgetful(Answers):
    """A memo that remembers nothing, so that every answer is paid for."""

    def get(self, key: Key, names: Sequence[bytes], ask: Callable[[list[int]], Outputs]) -> Outputs:
        return ask(list(range(len(names))))


def ask_bare(entry: Entry, model: Model, images: Images, *, answers: Answers | None = None) -> tuple[Tensor, Control]:
    """The method on a probe of its own, without the runner: its map, and the meter of its calls."""
    control = Control()
    with model.borrowed():
        probe = Probe(model, images, [Target(1, "class 1")] * len(images), control, answers=answers or Answers())
        if not entry.reads:
            _ = probe.clean  # the prediction, which belongs to the cost
        found = entry.function(probe, **step_of(entry, images.ndim - 2).options)
    return found.values, control


def assert_close(found: Any, expected: Any, share: float, *, beside: float = 0.0, what: str = "the maps") -> None:
    """Equal up to a share of the largest number that was computed with: of the map, or `beside` it (a score)."""
    a, b = (torch.as_tensor(values).double() for values in (found, expected))
    allowed = share * max(float(b.abs().max()), abs(beside))
    off = float((a - b).abs().max())
    assert off <= allowed, f"{what} differ by {off:.3g}, allowed are {allowed:.3g}"


def score_beside(entry: Entry, found: Any) -> float:
    """The score, for methods whose maps are made of scores; 0 for those that only read what one pass shows."""
    made = entry.family in ("perturbation", "shapley") or not (entry.only_looks or Capability.GRADIENTS in entry.needs)
    return found.target.score if made else 0.0
