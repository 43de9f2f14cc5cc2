"""Questions to models that do not classify: each becomes one about the rows of a model made for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..domain.cost import Cost
from ..domain.marked import Marked
from ..domain.prediction import Prediction
from ..domain.target import Asked
from ..engine.control import Control
from ..inputs.read import Sample
from ..inputs.views import ONE, Views
from ..models.model import Model


@dataclass(frozen=True)
class Question:
    """A model whose rows are about this one question, and the question as one of classes."""

    model: Model
    asked: Asked
    prediction: Prediction | None  # None: the row tells it
    calls: int = 0  # paid to find out what the model says of the whole input, or of what it is compared with
    marked: Marked | None = None  # where on the photo


def asks_alone(model: Model) -> bool:
    """Whether what is asked of one input makes no sense for another."""
    return model.task in _asking()


def question_of(model: Model, sample: Sample, asked: Asked, control: Control) -> Question:
    """The question of one input, from the model's answer to it."""
    control.check()
    found = replace(_asking()[model.task](model, sample, asked), calls=calls_to_ask(model, asked))
    control.pay(Cost(forward=found.calls))
    return found


def calls_to_ask(model: Model, asked: Asked, views: Views = ONE) -> int:
    """The model calls that a question costs before any method runs."""
    from .similarity import costs_a_call

    if views.count > 1:
        return views.count
    if model.task == "embedding":
        return int(costs_a_call(asked))
    return int(asks_alone(model))


def renamed(model: Model, classes: int, where: str) -> tuple[str, ...]:
    """The names of the classes with what they are asked about."""
    from ..domain.prediction import name_of

    return tuple(f"{name_of(i, model.labels)} {where}" for i in range(classes))


def names_misfit(labels: Sequence[str] | None, classes: int) -> tuple[str, ...]:
    """A note where the names are not as many as the classes."""
    if labels is None or len(labels) == classes:
        return ()
    return (f"The model has {classes} classes but {len(labels)} class names: names may be shifted.",)


def _asking() -> dict[str, Callable[[Model, Sample, Asked], Question]]:
    from .boxes import ask_box
    from .segments import ask_segment
    from .similarity import ask_similar

    return {"detection": ask_box, "segmentation": ask_segment, "embedding": ask_similar}
