"""What a model answers: classes, or boxes, a picture of classes, an embedding, values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

from torch import Tensor, nn

from ..domain.target import Kind
from ..errors import BadOption

Task = Literal["classes", "segmentation"]
Rows = Callable[[Any], Tensor]  # from a model's answer to one row (n, classes) per image


def task_of(module: nn.Module, said: str | None) -> Task:
    """The task that was said, or the one that the family of this network is for."""
    if said is not None:
        for task in get_args(Task):
            if said == task:
                return task  # type: ignore[no-any-return]
        raise BadOption(f"task={said!r} is not possible.", fix=f"give one of: {', '.join(get_args(Task))}.")
    home = type(module).__module__.split(".")
    if home[:3] == ["torchvision", "models", "segmentation"] or "ForSemanticSegmentation" in type(module).__name__:
        return "segmentation"
    return "classes"


def kind_for(task: Task) -> Kind | None:
    """What the rows of a task are, where that does not depend on the answer."""
    return None
