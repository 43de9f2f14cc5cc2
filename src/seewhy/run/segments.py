"""What is asked of a segmenter: how strongly it calls the pixels of a mask by a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..domain.geometry import Geometry
from ..domain.marked import Marked
from ..domain.prediction import Prediction, Ranked, name_of
from ..domain.target import Asked, Contrast, Segment, class_index
from ..errors import BadTarget
from ..inputs.read import Sample
from ..models.model import Model
from ..models.segmentation import BACKGROUND, classes_of, on_grid, pooled, table_in
from .questions import Question, names_misfit, renamed

FIRST = "The class names do not say which one is the background: class 0 was taken for it."


def ask_segment(model: Model, sample: Sample, asked: Asked) -> Question:
    """The mean score of a class over a mask (Vinogradova et al. 2020, eq. 2, divided by the pixels of the mask)."""
    with torch.no_grad():
        table = table_in(model.raw(sample.pixels[None].to(model.device)))
    predicted, classes = classes_of(table)[0], table.shape[1]
    segment, notes = _segment(asked, predicted, model.labels, classes)
    index = class_index(_plain(segment.of), model.labels, classes)
    name = name_of(index, model.labels)
    if segment.mask is None:
        weights, where = (predicted == index).float(), f"on the pixels called {name}"
        shown = sample.geometry.to_original(weights.cpu().numpy(), blocky=True) > 0.5
        if not weights.any():
            raise BadTarget(
                f"The model calls no pixel of this input {name!r}, so there is nothing to ask about it.",
                fix=f"give a mask: seewhy.Segment({segment.of!r}, mask=...), True where it should be.",
            )
    else:
        mask, shown = mask_for_model(segment.mask, sample.geometry), _pixels(segment.mask).astype(bool)
        weights, where = on_grid(mask.to(table.device), tuple(table.shape[2:])), "on the mask given"
    bound = model.reread(
        lambda answer: pooled(table_in(answer), weights),
        labels=renamed(model, classes, where),
        notes=(*model.notes, *notes, *names_misfit(model.labels, classes)),
    )
    plain: Asked = asked if callable(asked) else index
    if isinstance(asked, Contrast):
        plain = Contrast(index, class_index(_plain(asked.that), model.labels, classes))
    return Question(bound, plain, _told(table, model), marked=Marked.of(shown))


def mask_for_model(mask: Any, geometry: Geometry) -> Tensor:
    """A mask of the photo's pixels as the model's pixels see it, or an error that says why not."""
    given = _pixels(mask)
    height, width = geometry.original
    if given.shape != geometry.original:
        raise BadTarget(
            f"The mask has shape {given.shape}, the photo {height} rows and {width} columns.",
            fix="give one value per pixel of the photo as it was handed over, turned upright.",
        )
    if given.dtype != bool and not np.isin(given, (0, 1)).all():
        raise BadTarget("The mask holds other values than 0 and 1.", fix="give a mask of True and False.")
    if not given.any():
        raise BadTarget("The mask is empty: it marks no pixel.", fix="mark the pixels that you ask about.")
    seen = geometry.to_model(given.astype(bool))
    if not seen.any():
        raise BadTarget(
            "The mask marks nothing that the model saw: it was cropped away, or is smaller than one of its pixels.",
            fix="give a larger mask, or a preprocessing that keeps the whole photo.",
        )
    return torch.from_numpy(seen.astype(np.float32))


def _pixels(mask: Any) -> NDArray[Any]:
    return np.asarray(mask.cpu() if isinstance(mask, Tensor) else mask)


def _segment(
    asked: Asked, predicted: Tensor, labels: Sequence[str] | None, classes: int
) -> tuple[Segment, tuple[str, ...]]:
    """The class and mask that are asked about, and what was assumed to find them."""
    segment = asked if isinstance(asked, Segment) else Segment()
    if isinstance(asked, Contrast):
        segment = Segment(asked.this)
    elif isinstance(asked, int | str) or hasattr(asked, "__index__"):
        segment = Segment(asked)  # type: ignore[arg-type]
    if segment.of is not None:
        return segment, ()
    found, notes = _largest(predicted, labels, classes)
    return Segment(found, segment.mask), notes


def _largest(predicted: Tensor, labels: Sequence[str] | None, classes: int) -> tuple[int, tuple[str, ...]]:
    """The class that covers most places and is no background."""
    counts = predicted[predicted >= 0].bincount(minlength=classes)
    named = [i for i, label in enumerate(labels or ()) if label.casefold() in BACKGROUND and i < classes]
    notes = (FIRST,) if labels is None and classes > 1 else ()
    counts[[0] if notes else named] = 0
    if not counts.any():
        problem = "The model sees nothing but background here."
        raise BadTarget(problem, fix="name a class with the mask to ask about: seewhy.Segment(CLASS, mask=...).")
    return int(counts.argmax()), notes


def _told(table: Tensor, model: Model) -> Prediction:
    """The classes by the share of the picture that they cover."""
    predicted, classes = classes_of(table)[0], table.shape[1]
    shares = predicted[predicted >= 0].bincount(minlength=classes).float() / predicted.numel()
    best = shares.argsort(descending=True, stable=True).tolist()
    level = table[0].float().mean(dim=(1, 2))
    top = [Ranked(i, name_of(i, model.labels), float(shares[i]), float(level[i])) for i in best if shares[i] > 0]
    return Prediction(tuple(top[:5]), "logits", classes, "segmentation")


def _plain(asked: Any) -> int | str:
    return asked if isinstance(asked, str) else int(asked)
