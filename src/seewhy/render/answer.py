"""What the model answered, in words, whatever its task is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .number import number, percent, probability

if TYPE_CHECKING:
    from ..domain.prediction import Prediction, Ranked

HEADS = {
    "classes": "probability",
    "detection": "score",
    "segmentation": "share of the picture",
}  # of the number beside a name
CAPTIONS = {
    "detection": "What the model found, among {} classes",
    "segmentation": "What the model sees, among {} classes",
    "regression": "The first of the {} values",
    "embedding": "What was measured",
}


def answered(prediction: Prediction) -> str:
    """One sentence, with the runners-up."""
    if not prediction.top:
        return "The model found nothing."
    first, *rest = prediction.top
    if prediction.task == "detection":
        count = len(prediction.top)
        named = ", ".join(f"“{rank.label}” ({measure(prediction, rank)})" for rank in prediction.top[:5])
        return f"The model found {count} {'thing' if count == 1 else 'things'}: {named}{', …' if count > 5 else ''}."
    others = ", ".join(f"“{rank.label}” ({measure(prediction, rank)})" for rank in rest[:2])
    if prediction.task == "segmentation":
        more = f"; the next largest are {others}" if others else ""
        return f"The model calls {measure(prediction, first)} of the picture “{first.label}”{more}."
    if prediction.task == "embedding":
        return f"The model's {prediction.unit or first.label} is {measure(prediction, first)} ({first.label})."
    if first.probability is None:
        values = ", ".join(f"“{rank.label}” {measure(prediction, rank)}" for rank in prediction.top)
        more = ", …" if len(prediction.top) < prediction.classes else ""
        return f"The model answered {values if rest else measure(prediction, first)}{more}."
    sentence = f"The model answered “{first.label}” with probability {measure(prediction, first)}"
    return f"{sentence}; next came {others}." if others else f"{sentence}."


def measure(prediction: Prediction, rank: Ranked) -> str:
    """The number beside one name: a probability, a share, a score or a value."""
    if rank.probability is None:
        return f"{number(rank.output)} {prediction.unit if prediction.task == 'regression' else ''}".strip()
    return percent(rank.probability) if prediction.task == "segmentation" else probability(rank.probability)


def caption(prediction: Prediction) -> str:
    """The title of a table of all that is shown."""
    words = CAPTIONS.get(prediction.task, "The model's first answers among {} classes")
    return words.format(prediction.classes)


def head(prediction: Prediction) -> str:
    """What the number beside a name is."""
    return HEADS.get(prediction.task, prediction.unit or "value")
