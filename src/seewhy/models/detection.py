"""Detectors: for each image boxes, labels and scores, and how well they match one box."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ..errors import BadModelOutput
from .tasks import Task

SHOWN = 0.05  # the score from which a detector without a threshold of its own finds something, as torchvision's do


@dataclass(frozen=True)
class Found:
    """What was found in one image: corners x0, y0, x1, y1 in its own pixels."""

    boxes: Float[Tensor, "k 4"]
    labels: Int[Tensor, " k"]
    scores: Float[Tensor, " k"]
    queries: bool = False  # every class of every query, weak ones too

    def ranked(self) -> Found:
        """What counts as found, the strongest first."""
        order = self.scores.argsort(descending=True, stable=True)
        order = order[self.scores[order] >= SHOWN] if self.queries else order
        return Found(self.boxes[order], self.labels[order], self.scores[order])


def found_in(answer: object, name: str, size: tuple[int, ...] = (1, 1)) -> list[Found]:
    """The detections of each image in a list of dicts, as torchvision's detectors answer; queries know only shares.

    `size` is the height and width of the image.
    """
    rows = answer if isinstance(answer, Sequence) else [None]
    return [_found(row, name, answer, size) for row in rows]


def overall(answer: object, name: str) -> Tensor:
    """The sum of all scores of each image (n, 1): what all places of the network have a share in."""
    return torch.stack([found.scores.sum(0, keepdim=True) for found in found_in(answer, name)])


def overlap(boxes: Float[Tensor, "k 4"], box: Float[Tensor, " 4"]) -> Float[Tensor, " k"]:
    """Intersection over union of boxes with one box."""
    box = box.to(boxes)
    low, high = torch.maximum(boxes[:, :2], box[:2]), torch.minimum(boxes[:, 2:], box[2:])
    common = (high - low).clamp(min=0).prod(dim=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(dim=1)
    return common / (areas + (box[2:] - box[:2]).prod() - common).clamp(min=1e-9)


def matches(found: Found, box: Float[Tensor, " 4"], classes: int) -> Float[Tensor, " classes"]:
    """For each class the best of overlap times score among its detections, zero where it has none.

    Petsiuk et al. 2021, eqs. 2 to 5: a detector that gives one label and its score stands for a distribution over
    classes with all its weight there, so that the similarity to a class is that score, and no objectness is left.
    """
    known = (found.labels >= 0) & (found.labels < classes)
    likeness = (overlap(found.boxes, box) * found.scores)[known]
    table = likeness.new_zeros(len(likeness), classes).scatter(1, found.labels[known, None], likeness[:, None])
    return torch.cat([likeness.new_zeros(1, classes), table]).amax(dim=0)


@contextmanager
def all_shown(module: nn.Module, task: Task) -> Iterator[None]:
    """Let a detector of torchvision answer with weak boxes too: on noise it would say nothing."""
    parts = [part for part in module.modules() if isinstance(getattr(part, "score_thresh", None), float)]
    before = [part.score_thresh for part in parts]
    try:
        for part in parts if task == "detection" else ():
            part.score_thresh = -1.0  # type: ignore[assignment]
        yield
    finally:
        for part, value in zip(parts, before, strict=True):
            part.score_thresh = value


def _found(row: object, name: str, answer: object, size: tuple[int, ...]) -> Found:
    if isinstance(row, Mapping) and all(isinstance(row.get(key), Tensor) for key in ("boxes", "labels", "scores")):
        boxes, labels, scores = row["boxes"].float(), row["labels"].long(), row["scores"].float()
        if boxes.shape == (len(scores), 4) and labels.shape == scores.shape == (len(scores),):
            if row.get("queries"):
                return Found(boxes * boxes.new_tensor([*size[::-1]] * 2), labels, scores, queries=True)
            return Found(boxes, labels, scores)
    raise BadModelOutput(
        f"{name} answered {type(answer).__name__}, which is no list of dicts with boxes (k, 4), labels and scores (k).",
        fix="give seewhy.adapt(model, task='detection', output=lambda answer: [dict(boxes=, labels=, scores=), ...]).",
    )
