"""Inputs that a model is sure of, by class: what games about several classes in one input are made from."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..domain.target import OWN_SCALE, kind_of, probabilities
from ..errors import BadOption, MissingInput
from ..inputs.expand import Item
from ..models.model import Model
from .samples import sample_for

Sure = dict[int, list[Item]]  # by the class that the model is sure of


def pixels_of(model: Model, item: Item) -> Tensor:
    """The input as the model sees it."""
    return sample_for(model, item).pixels.to(model.device)


def sure_of(model: Model, items: Sequence[Item], sure: float) -> Sure:
    """The images that the model gives its top class at least this probability, one forward pass each."""
    found: Sure = {}
    for item in items:
        pixels = pixels_of(model, item)
        model.meet(tuple(pixels.shape))
        with torch.inference_mode():
            outputs = model(pixels[None])
        kind = model.kind or kind_of(outputs)
        if kind in OWN_SCALE:
            raise BadOption(f"{model.name} answers no classes.", fix="play this game with a classifier.")
        chance, index = probabilities(outputs, kind)[0].max(dim=0)
        if float(chance) >= sure:
            found.setdefault(int(index), []).append(item)
    return found


def of_different_classes(known: Sure, count: int, generator: torch.Generator) -> list[tuple[int, Item]]:
    """Images of so many different classes, each class and each of its images as likely as any other."""
    if len(known) < count:
        problem = f"It takes images of {count} classes, and the model is sure of images of {len(known)}."
        raise MissingInput(problem, fix="give more images, or ask for less certainty with sure=….")
    names = list(known)
    classes = [names[i] for i in torch.randperm(len(names), generator=generator)[:count].tolist()]
    return [(name, known[name][int(torch.randint(len(known[name]), (1,), generator=generator))]) for name in classes]
