"""The classes that the model finds most similar to the target, and the score beyond theirs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..domain.shapes import Outputs, Scores
from ..domain.target import Target, on_scale
from ..errors import BadTarget
from .probe import Probe


def beyond_similar(probe: Probe, rivals: int, share: float) -> tuple[list[Target], tuple[str, ...]]:
    """For each image, its score less a share of the mean score of its nearest classes; and which these are."""
    pairs = list(zip(probe.targets, probe.clean, strict=True))
    nearest = [similar(target, row, rivals) for target, row in pairs]
    labels = probe.model.labels
    named = [", ".join(labels[i] if labels else f"class {i}" for i in classes) for classes in nearest]
    targets = [_beyond(target, classes, share) for (target, _), classes in zip(pairs, nearest, strict=True)]
    return targets, tuple(f"Set apart from: {names}." for names in named)


def similar(target: Target, row: Tensor, rivals: int) -> list[int]:
    """The classes, other than the target, whose scores are nearest to its score; nearest first."""
    if target.index is None or target.against is not None or len(row) < 2:
        raise BadTarget(
            f"There are no classes to set {target.label} apart from.",
            fix="ask about one class of several, or use grad-cam, which explains any target.",
        )
    classes = [i for i in range(len(row)) if i != target.index]
    off = [float((_score(target, row[None], i) - target(row[None])).abs()) for i in classes]
    return [classes[i] for i in sorted(range(len(classes)), key=off.__getitem__)[:rivals]]


def _beyond(target: Target, classes: Sequence[int], share: float) -> Target:
    def score(outputs: Outputs) -> Scores:
        return target(outputs) - share * torch.stack([_score(target, outputs, i) for i in classes]).mean(dim=0)

    return Target(None, f"{target.label} beyond similar classes", target.scale, target.kind, function=score)


def _score(target: Target, outputs: Outputs, index: int) -> Scores:
    return on_scale(outputs, index, target.scale, target.kind)
