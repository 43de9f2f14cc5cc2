"""What is asked of a detector: how well it finds what is in a box."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ..domain.geometry import Geometry
from ..domain.marked import Corners, Marked
from ..domain.prediction import Prediction, Ranked, name_of
from ..domain.target import Asked, Box, Contrast, class_index
from ..errors import BadModelOutput, BadTarget
from ..inputs.read import Sample
from ..models.detection import Found, found_in, matches, overlap
from ..models.model import Model
from .questions import Question, renamed

UNIT = "overlap x score"
GUESS = "give a box with a label: seewhy.Box(x0, y0, x1, y1, label=...), or lower the detector's threshold."


def ask_box(model: Model, sample: Sample, asked: Asked) -> Question:
    """For each class the best overlap with the box times the score (Petsiuk et al. 2021, arXiv:2006.03204)."""
    with torch.no_grad():
        answers = found_in(model.raw(sample.pixels[None].to(model.device)), model.name, sample.geometry.model)
    if len(answers) != 1:
        problem = f"{model.name} answered {len(answers)} lists of boxes for one image."
        raise BadModelOutput(problem, fix="make it answer one dict of boxes, labels and scores per image.")
    found = answers[0].ranked()
    classes = max([len(model.labels or ()), *(answers[0].labels + 1).unique().tolist(), *_typed(asked)], default=1)
    box, label = _box(model, found, sample.geometry, asked, classes)
    corners = _on_photo(box, sample.geometry)
    where = "in the box x {:.0f} to {:.0f}, y {:.0f} to {:.0f}".format(*(corners[i] for i in (0, 2, 1, 3)))
    rows = partial(_rows, box=box, classes=classes, name=model.name, size=sample.geometry.model)
    bound = model.reread(rows, labels=renamed(model, classes, where), unit=UNIT)
    plain, told = _plain(asked, label, model.labels, classes), _told(found, model.labels, classes)
    return Question(bound, plain, told, marked=Marked(corners))


def _rows(answer: object, box: Tensor, classes: int, name: str, size: tuple[int, ...]) -> Tensor:
    return torch.stack([matches(found, box, classes) for found in found_in(answer, name, size)])


def _box(model: Model, found: Found, geometry: Geometry, asked: Asked, classes: int) -> tuple[Tensor, int]:
    """The box in the model's pixels, and the class that is asked about."""
    if isinstance(asked, Box):
        box = on_model(asked, geometry)
        if asked.label is not None:
            return box, class_index(asked.label, model.labels, classes)
        likeness = overlap(found.boxes.cpu(), box) * found.scores.cpu()
        if not likeness.any():
            raise BadTarget("The detector finds nothing that overlaps this box.", fix=GUESS)
        return box, int(found.labels[likeness.argmax()])
    if not len(found.scores):
        raise BadTarget("The detector finds nothing in this input, so there is no box to explain.", fix=GUESS)
    row = _row(model, found, asked, classes)
    return found.boxes[row].cpu(), int(found.labels[row])


def _row(model: Model, found: Found, asked: Asked, classes: int) -> int:
    """Which detection is meant: the strongest, the strongest of a class, or the one of that rank."""
    asked = asked.this if isinstance(asked, Contrast) else asked
    if asked is None:
        return 0
    if isinstance(asked, str):
        label = class_index(asked, model.labels, classes)
        rows = (found.labels == label).nonzero().flatten().tolist()
        if not rows:
            raise BadTarget(f"The detector finds no {name_of(label, model.labels)!r} in this input.", fix=GUESS)
        return int(rows[0])
    if hasattr(asked, "__index__"):
        if not 0 <= int(asked) < len(found.scores):
            problem = f"There is no detection {asked}: the detector finds {len(found.scores)}, the strongest is 0."
            raise BadTarget(problem, fix=f"give a number from 0 to {len(found.scores) - 1}, or a box.")
        return int(asked)
    raise BadTarget(
        f"{asked!r} cannot be asked of a detector.",
        fix="give nothing, the number of a detection, a class name, or seewhy.Box(x0, y0, x1, y1, label=...).",
    )


def on_model(box: Box, geometry: Geometry) -> Tensor:
    """A box of the photo in the model's pixels, or an error that says why not."""
    height, width = geometry.original
    if not (0 <= box.left < box.right <= width and 0 <= box.top < box.bottom <= height):
        raise BadTarget(
            f"The box {box.left:g}, {box.top:g}, {box.right:g}, {box.bottom:g} is not inside the photo"
            f" of {width} x {height} pixels, or has no area.",
            fix="give left, top, right, bottom in pixels of the photo.",
        )
    top, left, bottom, right = geometry.seen
    if box.left >= right or box.right <= left or box.top >= bottom or box.bottom <= top:
        raise BadTarget(
            f"The box lies where the model did not look:"
            f" it saw x {left:.0f} to {right:.0f}, y {top:.0f} to {bottom:.0f}.",
            fix="give a box in that part, or a preprocessing that keeps the whole photo.",
        )
    (sy, sx), (oy, ox) = geometry.scale, geometry.offset
    return torch.tensor([box.left * sx + ox, box.top * sy + oy, box.right * sx + ox, box.bottom * sy + oy])


def _on_photo(box: Tensor, geometry: Geometry) -> Corners:
    x0, y0, x1, y1 = box.tolist()
    top, left, bottom, right = geometry.box_to_original(y0, x0, y1, x1)
    return left, top, right, bottom


def _typed(asked: Asked) -> list[int]:
    """Classes enough for a label that was given as a number, when nothing else says how many there are."""
    return [asked.label + 1] if isinstance(asked, Box) and isinstance(asked.label, int) and asked.label >= 0 else []


def _plain(asked: Asked, label: int, labels: Sequence[str] | None, classes: int) -> Any:
    return Contrast(label, class_index(asked.that, labels, classes)) if isinstance(asked, Contrast) else label


def _told(found: Found, labels: Sequence[str] | None, classes: int) -> Prediction:
    """All that was found, the strongest first."""
    pairs = list(zip(found.labels.tolist(), found.scores.tolist(), strict=True))
    top = tuple(Ranked(label, name_of(label, labels), score, score) for label, score in pairs)
    return Prediction(top, "matches", classes, "detection")
