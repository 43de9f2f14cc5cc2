"""A map before a metric: trials of hand-made maps on hand-made networks, and counted calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from seewhy.domain.baseline import Colour
from seewhy.domain.score import Scores
from seewhy.domain.target import Target
from seewhy.engine.control import Control
from seewhy.engine.probe import Probe
from seewhy.engine.trial import Trial
from seewhy.metric_registry import find_metric
from seewhy.models.function import FunctionModel

BLACK = Colour(0.0)


def blank(images: Tensor) -> Tensor:
    """A model for metrics that need not ask one."""
    return images.flatten(1)[:, :2]


def probe_of(model: Callable[[Tensor], Tensor], images: Tensor, index: int = 0) -> Probe:
    """A probe of images, each asked about the same class."""
    targets = [Target(index, str(index))] * len(images)
    return Probe(FunctionModel(model, name="hand-made"), images, targets, Control())


def trial(values: Any, model: Callable[[Tensor], Tensor] = blank, image: Tensor | None = None, **facts: Any) -> Trial:
    """A map on trial; without an image, a grey one of its size."""
    values = torch.as_tensor(values, dtype=torch.float32)
    image = torch.full((1, *values.shape), 0.5) if image is None else image
    return Trial(probe_of(model, image[None]), values, **{"fill": BLACK, **facts})


def judge(name: str, given: Trial, **options: Any) -> Scores:
    """All that a metric says."""
    return find_metric(name).function(given, **options)


def calls_of(name: str, given: Trial, **options: Any) -> int:
    """How many images a metric pushed through the model, the clean prediction apart."""
    given.probe.clean  # noqa: B018  (known before)
    before = given.probe.control.spent
    judge(name, given, **options)
    return given.probe.control.spent.minus(before).forward


def placed(side: int, top: int, left: int, size: int) -> Tensor:
    """A square mask."""
    mask = torch.zeros(side, side, dtype=torch.bool)
    mask[top : top + size, left : left + size] = True
    return mask


def two_classes(weights: Tensor) -> Callable[[Tensor], Tensor]:
    """A model whose first class has the weighted sum of the pixels as its logit, and the other 0."""

    def model(images: Tensor) -> Tensor:
        score = (weights.to(images) * images).flatten(1).sum(dim=1)
        return torch.stack([score, torch.zeros_like(score)], dim=1)

    return model


def random_case(side: int = 8, channels: int = 3, seed: int = 0) -> tuple[Tensor, Tensor, Callable[[Tensor], Tensor]]:
    """An image, a map and a model that is not linear."""
    generator = torch.Generator().manual_seed(seed)
    image, map = torch.rand(channels, side, side, generator=generator), torch.randn(side, side, generator=generator)
    weights = torch.randn(channels, side, side, generator=generator) / side

    def model(images: Tensor) -> Tensor:
        score = (weights * (3 * images).sin()).flatten(1).sum(dim=1)
        return torch.stack([score, -score, torch.zeros_like(score)], dim=1)

    return image, map, model
