"""What is asked of an encoder: how alike its embedding of the input is to another one."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..domain.target import Asked, Similar
from ..errors import BadTarget
from ..inputs.expand import expand
from ..inputs.read import Sample
from ..models.model import Model
from ..models.similarity import cosine, embedding_in, embedding_of_text
from .questions import Question
from .samples import sample_for

UNIT = "cosine similarity"


def ask_similar(model: Model, sample: Sample, asked: Asked) -> Question:
    """The cosine similarity with a reference as the one value that is explained."""
    if callable(asked):
        return Question(model, asked, None)
    if not isinstance(asked, Similar):
        what = "Nothing" if asked is None else repr(asked)
        raise BadTarget(
            f"{what} was asked of {model.name}, but its embeddings name no classes.",
            fix="give target=seewhy.Similar(image or embedding), or a function of the embeddings.",
        )
    reference, label = _reference(model, asked)
    if not bool(torch.isfinite(reference).all()) or float(reference.norm()) == 0:
        problem = f"The embedding of {label} is zero or not finite: nothing can be alike to it."
        raise BadTarget(problem, fix="give another reference.")
    rows = partial(_rows, reference=reference, name=model.name)
    return Question(model.reread(rows, labels=(f"similarity to {label}",), unit=UNIT), 0, None)


def costs_a_call(asked: Asked) -> bool:
    """Whether the model must embed something first: a text or an image to compare with."""
    return not callable(asked) and not (isinstance(asked, Similar) and _numbers(asked.to) is not None)


def _rows(answer: object, reference: Tensor, name: str) -> Tensor:
    found = embedding_in(answer, name)
    if found.shape[1] != len(reference):
        raise BadTarget(
            f"The reference has {len(reference)} numbers, the embeddings of {name} {found.shape[1]}.",
            fix="give an image, or an embedding made by this very model.",
        )
    return cosine(found, reference)


def _reference(model: Model, asked: Similar) -> tuple[Tensor, str]:
    """The embedding to compare with, and its name."""
    if asked.tokenizer is not None:
        return embedding_of_text(model, str(asked.to), asked.tokenizer), f"“{asked.to}”"
    if (numbers := _numbers(asked.to)) is not None:
        return numbers, "the embedding given"
    items, one = expand(asked.to)
    if not one:
        raise BadTarget(f"{len(items)} images were given to compare with.", fix="give one: targets can be a list.")
    sample = sample_for(model, items[0])
    with torch.no_grad():
        answer = model.raw(sample.pixels[None].to(model.device))
    name = sample.picture.name
    return embedding_in(answer, model.name)[0].float(), "the reference image" if name == "image" else name


def _numbers(given: Any) -> Tensor | None:
    """A single row of numbers, however it was given."""
    if isinstance(given, Tensor | np.ndarray) or (isinstance(given, list | tuple) and given and _all_numbers(given)):
        row = torch.as_tensor(given).detach().float().cpu()
        row = row[0] if row.ndim == 2 and len(row) == 1 else row
        return row if row.ndim == 1 else None
    return None


def _all_numbers(given: list[Any] | tuple[Any, ...]) -> bool:
    return all(isinstance(value, int | float) for value in given)
