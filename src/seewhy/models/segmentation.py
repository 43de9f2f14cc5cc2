"""Segmenters: a picture of class scores, pooled over a mask so that one row per image is left."""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ..errors import BadModelOutput
from .answer import named

Table = Float[Tensor, "n c h w"]
BACKGROUND = ("background", "__background__", "unlabeled", "unlabelled")


def table_in(answer: object) -> Table:
    """The scores of every class at every place, in a tensor, dict or output object."""
    parts = named(answer)
    chosen = answer if isinstance(answer, Tensor) else parts.get("out", parts.get("logits"))
    if not isinstance(chosen, Tensor) or chosen.ndim != 4 or not chosen.is_floating_point():
        shape = f"shape {tuple(chosen.shape)}" if isinstance(chosen, Tensor) else "no tensor 'out' or 'logits'"
        raise BadModelOutput(
            f"The segmenter answered {type(answer).__name__} with {shape}.",
            fix="give seewhy.adapt(model, output=lambda answer: ...), which picks the scores (n, classes, h, w).",
        )
    return chosen


def overall(answer: object) -> Tensor:
    """The mean score of each class over the whole picture (n, classes)."""
    return table_in(answer).mean(dim=(2, 3))


def pooled(table: Table, weights: Float[Tensor, "h w"]) -> Tensor:
    """The mean score of each class over a mask (n, classes)."""
    weights = weights.to(table)
    return (table * weights).sum(dim=(2, 3)) / weights.sum()


def on_grid(mask: Float[Tensor, "h w"], grid: tuple[int, ...]) -> Float[Tensor, "gh gw"]:
    """The share of each cell of the answer that a mask of the model's input covers."""
    return F.interpolate(mask[None, None], size=grid, mode="area")[0, 0]


def classes_of(table: Table) -> Tensor:
    """The predicted class of every place (n, h, w); a single score is that of class 0, and -1 stands for no class."""
    if table.shape[1] > 1:
        return table.argmax(dim=1)
    return (table[:, 0] > 0).long() - 1
