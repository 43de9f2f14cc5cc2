"""Inputs as a model wants them, each of them read once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from ..errors import SeewhyError, UnknownPreprocessing
from ..inputs.expand import Item
from ..inputs.preprocess import Preprocess
from ..inputs.read import read_sample
from ..inputs.sample import Sample
from ..models.model import Model


def sample_for(model: Model, item: Item) -> Sample:
    """The input as the model wants it; one that was read before stays as it is."""
    return item.thing if isinstance(item.thing, Sample) else read_sample(item, preprocess_for(model, item))


def met(model: Model, items: Sequence[Item]) -> tuple[Sample | None, list[Item]]:
    """The first input that can be read, its shape made known to the model: what it offers can depend on it.

    The items come back with what was read in its place; one that cannot be read is reported where it is asked about.
    """
    for index, item in enumerate(items):
        with suppress(SeewhyError):
            sample = sample_for(model, item)
            model.meet(tuple(sample.pixels.shape))
            return sample, [*items[:index], Item(sample, item.name), *items[index + 1 :]]
    return None, list(items)


def preprocess_for(model: Model, item: Item) -> Preprocess:
    """How this input becomes the model's: as the model wants it; tensors may go as they are."""
    if model.preprocess is not None:
        return model.preprocess
    if hasattr(item.thing, "__array__") and not hasattr(item.thing, "getbands"):  # arrays and tensors, not PIL images
        return Preprocess.plain()
    size = f"its input is {model.size[0]} x {model.size[1]}; " if model.size else ""
    raise UnknownPreprocessing(
        f"How {model.name} wants its photos prepared is not known.",
        fix=f"{size}pass preprocess=seewhy.Preprocess.of(size=..., mean=..., std=...), or tensors that are ready.",
    )
