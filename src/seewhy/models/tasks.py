"""What a model answers: classes, or boxes, a picture of classes, an embedding, values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

from torch import Tensor, nn

from ..domain.target import Kind
from ..errors import BadOption
from .queries import is_detector

Task = Literal["classes", "detection", "segmentation", "embedding", "regression"]
IMAGE_SIDES = ("get_image_features", "encode_image")  # Hugging Face; OpenAI's and open CLIP
Rows = Callable[[Any], Tensor]  # from a model's answer to one row (n, classes) per image


def task_of(module: nn.Module, said: str | None) -> Task:
    """The task that was said, or the one that the family of this network is for."""
    if said is not None:
        for task in get_args(Task):
            if said == task:
                return task  # type: ignore[no-any-return]
        raise BadOption(f"task={said!r} is not possible.", fix=f"give one of: {', '.join(get_args(Task))}.")
    home = type(module).__module__.split(".")
    if home[:3] == ["torchvision", "models", "detection"] or is_detector(module):
        return "detection"
    if home[:3] == ["torchvision", "models", "segmentation"] or "ForSemanticSegmentation" in type(module).__name__:
        return "segmentation"
    if image_side(module) is not None or type(module).__name__.endswith("VisionModelWithProjection"):
        return "embedding"
    if getattr(getattr(module, "config", None), "problem_type", None) == "regression":
        return "regression"
    return "classes"


def image_side(module: nn.Module) -> str | None:
    """The function of an image-text model that embeds images."""
    return next((name for name in IMAGE_SIDES if callable(getattr(module, name, None))), None)


def kind_for(task: Task) -> Kind | None:
    """What the rows of a task are, where that does not depend on the answer."""
    return "matches" if task == "detection" else "values" if task in ("embedding", "regression") else None
