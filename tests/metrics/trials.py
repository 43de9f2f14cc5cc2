"""Trials made by hand: a map, or whoever makes one, before a metric; and what it pays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from hand_made import BLACK, blank
from torch import Tensor

from seewhy.domain.baseline import Colour
from seewhy.domain.score import Scores
from seewhy.domain.target import Target
from seewhy.engine.control import Control
from seewhy.engine.maps import at_pixels
from seewhy.engine.probe import Probe
from seewhy.engine.trial import Trial
from seewhy.metric_registry import find_metric
from seewhy.models.adapt import adapt
from seewhy.models.function import FunctionModel
from seewhy.run.explainers import Explainer, Ready, explainer_of

UNKNOWN = Target(0, "class 0")


class Counted:
    """An explainer that counts the maps it is asked for."""

    def __init__(self, explainer: Explainer) -> None:
        self.explainer, self.maps = explainer, 0

    def __call__(self, model: Any, images: Tensor, targets: Any, *, seed: int) -> Tensor:
        self.maps += len(images)
        return self.explainer(model, images, targets, seed=seed)


def probe_of(model: Callable[[Tensor], Tensor], images: Tensor, target: Target = UNKNOWN) -> Probe:
    """A probe of images, each asked about the same class."""
    return Probe(FunctionModel(model, name="hand-made"), images, [target] * len(images), Control())


def trial(
    values: Any,
    model: Callable[[Tensor], Tensor] = blank,
    image: Tensor | None = None,
    *,
    target: Target = UNKNOWN,
    **facts: Any,
) -> Trial:
    """A map on trial; without an image, a grey one of its size."""
    values = torch.as_tensor(values, dtype=torch.float32)
    image = torch.full((1, *values.shape), 0.5) if image is None else image
    return Trial(probe_of(model, image[None], target), values, **{"fill": BLACK, **facts})


def trial_of(
    thing: Any, image: Tensor, explainer: Any, *, target: Target = UNKNOWN, options: Any = None, **facts: Any
) -> Trial:
    """A trial of what an explainer (a method's name, a function, or a map) finds for one image (c, *space)."""
    model = adapt(thing)
    model.meet(tuple(image.shape))
    if isinstance(explainer, Tensor):
        made, again = Ready("given", explainer[None]), None
    else:
        made = explainer_of(explainer, model, options=options)
        again = Counted(made)
    probe = Probe(model, image[None], [target], Control())
    with model.borrowed():
        _ = probe.clean
        evidence = made.evidence(probe, seed=0)
    map_ = at_pixels(evidence, tuple(image.shape[1:]))[0]
    clean = Probe(model, image[None], [target], Control(), reading=probe.reading)
    return Trial(clean, map_, Colour(0.5), again, evidence, made.promises, **facts)


def judge(name: str, given: Trial, **options: Any) -> Scores:
    """All that a metric says."""
    with given.probe.model.borrowed():
        return find_metric(name).function(given, **options)


def calls_of(name: str, given: Trial, **options: Any) -> int:
    """How many images a metric pushed through the model, the clean prediction apart."""
    given.probe.clean  # noqa: B018  (known before)
    before = given.probe.control.spent
    judge(name, given, **options)
    return given.probe.control.spent.minus(before).forward


def asked(name: str, given: Trial, **options: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    """What a metric paid and what it declares: (model calls, maps), twice."""
    metric = find_metric(name)
    before, maps = given.probe.control.spent, given.again.maps
    judge(name, given, **options)
    paid = given.probe.control.since(before).calls, given.again.maps - maps
    effort = metric.effort({**metric.defaults, **options})
    return paid, (effort.cost.calls, effort.explanations)
