"""Detectors of Hugging Face: every query answers a box and a score for each class (DETR and its kin)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import BadModelOutput
from .answer import named


@dataclass(frozen=True)
class Queries:
    """Reads queries as detections: each class of each query is one, whether it is strong enough to be found or not."""

    classes: int

    def __call__(self, answer: object) -> list[dict[str, Any]]:
        parts = named(answer)
        logits, boxes = parts.get("logits"), parts.get("pred_boxes")
        if not isinstance(logits, Tensor) or not isinstance(boxes, Tensor):
            raise BadModelOutput(
                f"The detector answered {type(answer).__name__} without 'logits' and 'pred_boxes'.",
                fix="leave return_dict on, or give seewhy.adapt(model, output=...), which makes a list of dicts of it.",
            )
        labels = torch.arange(self.classes, device=logits.device).repeat(logits.shape[1])
        corners = _corners(boxes.float()).repeat_interleave(self.classes, dim=1)
        scores = self._scores(logits.float()).flatten(1)
        return [
            {"boxes": box, "labels": labels, "scores": score, "queries": True}
            for box, score in zip(corners, scores, strict=True)
        ]

    def _scores(self, logits: Float[Tensor, "n q k"]) -> Float[Tensor, "n q classes"]:
        """One output more than classes stands for nothing, and all compete; otherwise each class is by itself."""
        competing = logits.shape[2] > self.classes
        return logits.softmax(dim=2)[..., : self.classes] if competing else logits.sigmoid()


def queries_of(module: nn.Module) -> Queries | None:
    """How the answer of a Hugging Face detector is read; None for other networks."""
    classes = getattr(getattr(module, "config", None), "num_labels", None)
    return Queries(classes) if isinstance(classes, int) and is_detector(module) else None


def is_detector(module: nn.Module) -> bool:
    """Whether it is a detector of Hugging Face."""
    return type(module).__name__.endswith("ForObjectDetection")


def _corners(boxes: Float[Tensor, "n q 4"]) -> Float[Tensor, "n q 4"]:
    """Centre, width and height as left, top, right and bottom."""
    centre, half = boxes[..., :2], boxes[..., 2:] / 2
    return torch.cat([centre - half, centre + half], dim=-1)
