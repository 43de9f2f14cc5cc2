"""Which of the things that a network returns are its class scores."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from torch import Tensor

from ..errors import BadModelOutput

NAMES = ("logits", "scores", "probabilities", "probs", "prob", "out", "output", "outputs", "pred", "predictions")


def scores_in(answer: object, name: str) -> Tensor:
    """The class scores in a tensor, tuple, list, dict or output object."""
    if isinstance(answer, Tensor):
        return answer
    found_by = named(answer)
    for key in NAMES:
        if isinstance(found_by.get(key), Tensor):
            return found_by[key]  # type: ignore[return-value]
    parts: Iterable[object] = answer if isinstance(answer, tuple | list) else found_by.values()
    tensors = [part for part in parts if isinstance(part, Tensor)]
    tables = [tensor for tensor in tensors if tensor.ndim == 2]
    if tables or len(tensors) == 1:
        return (tables or tensors)[0]
    found = ", ".join(str(tuple(tensor.shape)) for tensor in tensors) or "no tensor"
    raise BadModelOutput(
        f"{name} answered with {type(answer).__name__} in which no class scores are to be seen ({found}).",
        fix="give seewhy.adapt(model, output=lambda answer: ...), which picks the tensor of shape (n, classes),"
        " or say task='detection' or 'segmentation'.",
    )


def named(answer: object) -> dict[str, object]:
    """The parts of a dict, named tuple or output object by name."""
    if isinstance(answer, Mapping):
        return {str(key): value for key, value in answer.items()}
    if hasattr(answer, "_asdict"):
        return dict(answer._asdict())
    return dict(vars(answer)) if dataclasses.is_dataclass(answer) or hasattr(answer, "__dict__") else {}
