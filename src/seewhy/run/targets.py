"""From what a person asks about to targets of one model's outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from ..domain.prediction import name_of, of_class
from ..domain.target import OWN_SCALE, SCALES, Asked, Contrast, Kind, Scale, Target, class_index, kind_of
from ..errors import BadOption, BadTarget


def resolve(
    asked: Asked,
    outputs: Tensor,
    labels: Sequence[str] | None,
    wanted: Scale | None,
    published: Scale,
    known: Kind | None = None,
) -> Target:
    """The target of one image, from its row of outputs (1, classes): nothing means the predicted class.

    Without a wish the scale is the one that the method was published for, or the model's own probabilities.
    """
    if wanted is not None and wanted not in SCALES:
        raise BadOption(f"scale={wanted!r} is not possible.", fix=f"give one of: {', '.join(SCALES)}.")
    kind, classes = known or kind_of(outputs), outputs.shape[1]
    scale = scale_of(kind, wanted, published)
    if asked is None:
        asked = _first(outputs, kind)
    if isinstance(asked, Contrast):
        this, that = (class_index(_plain(side), labels, classes) for side in (asked.this, asked.that))
        if this == that:
            problem = f"The contrast compares {name_of(this, labels, kind)!r} with itself: the difference is always 0."
            raise BadTarget(problem, fix="name two different classes.")
        return replace(of_class(this, labels, scale, kind), against=that)
    if isinstance(asked, int | str) or hasattr(asked, "__index__"):
        return of_class(class_index(_plain(asked), labels, classes), labels, scale, kind)
    if callable(asked):
        return Target(None, getattr(asked, "__name__", "custom score"), scale, kind, function=asked)
    raise BadTarget(
        f"{asked!r} is not a target.",
        fix="give nothing, an index, a name, Contrast(this, that), or a function of the outputs.",
    )


def scale_of(kind: Kind, wanted: Scale | None, published: Scale) -> Scale:
    """The scale of the score: values have only their own."""
    if kind not in OWN_SCALE:
        return wanted or (published if kind == "logits" else "probability")
    if wanted is not None:
        problem = f"scale={wanted!r} means nothing here: the model answers values, not classes that compete."
        raise BadOption(problem, fix="leave scale out.")
    return "value"


def rescaled(target: Target, published: Scale) -> Target:
    """The same question on the scale that a method was published for, where the model answers classes."""
    if target.index is None or target.kind in OWN_SCALE:
        return target
    return replace(target, scale=scale_of(target.kind, None, published))


def _first(outputs: Tensor, kind: Kind) -> int:
    """What is explained when nothing was asked."""
    if kind == "values" and outputs.shape[1] > 1:
        problem = f"The model answers {outputs.shape[1]} values, and none of them is the answer more than another."
        raise BadTarget(problem, fix=f"give target=INDEX, from 0 to {outputs.shape[1] - 1}.")
    return int(outputs[0].argmax())


def per_input(target: Any, count: int, single: bool) -> tuple[list[list[Asked]], bool]:
    """The targets of each input, and whether each has just one."""
    if getattr(target, "ndim", 0):  # an array or a tensor of classes
        target = target.tolist()
    if not isinstance(target, list | tuple):
        return [[target]] * count, True
    if single:
        return [list(target)], False
    if len(target) != count:
        raise BadTarget(
            f"{len(target)} targets were given for {count} inputs.", fix="give one target for all, or one per input."
        )
    several = any(isinstance(item, list | tuple) for item in target)
    return [list(item) if isinstance(item, list | tuple) else [item] for item in target], not several


def _plain(asked: Any) -> int | str:
    return asked if isinstance(asked, str) else int(asked)
