"""Read one image of any kind, and make it what the model wants."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ..domain.geometry import Geometry
from ..domain.picture import Picture
from ..errors import BadPixels
from .arrays import as_image, as_tensor, picture_of_array, unit, view_of
from .decode import LARGEST, decode, picture_of
from .expand import Item, expand
from .photos import photo
from .preprocess import Preprocess

__all__ = ["Item", "Sample", "expand", "photo", "read", "read_sample"]


@dataclass(frozen=True, eq=False)
class Sample:
    """One input, ready to be asked about."""

    picture: Picture
    pixels: Tensor  # (c, *space), in [0,1] unless the preprocessing takes any range
    geometry: Geometry


def read(thing: object, *, largest: int = LARGEST) -> Picture:
    """A path, "photo:cat", PIL image, array or tensor as an upright picture in 8-bit RGB."""
    if isinstance(thing, Item):
        return replace(read(thing.thing, largest=largest), name=thing.name)
    if isinstance(thing, Picture):
        return thing
    if isinstance(thing, str) and thing.startswith("photo:"):
        return photo(thing.removeprefix("photo:"))
    if isinstance(thing, str | Path):
        return decode(Path(thing), largest=largest)
    if isinstance(thing, Image.Image):
        return picture_of(thing, largest=largest)
    if isinstance(thing, np.ndarray | Tensor):
        image, notes = as_image(thing)
        return picture_of_array(image, name="image", notes=notes)
    raise BadPixels(
        f"A {type(thing).__name__} cannot be read as an image.",
        fix="give a path, a PIL image, an array or a tensor.",
    )


def read_sample(thing: object, preprocess: Preprocess) -> Sample:
    """The picture, the model's input, and where one lies on the other.

    An array or tensor that has the model's input size already is neither resized, cropped nor rounded.
    """
    given, name = (thing.thing, thing.name) if isinstance(thing, Item) else (thing, "image")
    if not isinstance(given, np.ndarray | Tensor):
        return _preprocessed(read(thing), preprocess)
    if preprocess.any_range and not (isinstance(given, np.ndarray) and given.dtype == np.uint8):
        return _as_it_is(given, name)
    image, notes = as_image(given)
    picture = picture_of_array(image, name=name, notes=notes)
    if preprocess.keeps(picture.size):
        return Sample(picture, _exact(image, picture, preprocess.channels), Geometry.identity(picture.size))
    if image.dtype != np.uint8:
        picture = replace(picture, notes=(*picture.notes, "float pixels rounded to 8 bits before resizing"))
    return _preprocessed(picture, preprocess)


def _preprocessed(picture: Picture, preprocess: Preprocess) -> Sample:
    pixels, geometry = preprocess(picture)
    return Sample(picture, pixels, geometry)


def _exact(image: NDArray[Any], picture: Picture, channels: int) -> Tensor:
    if image.shape[2] == 4:
        image = picture.pixels
    if channels == 1 and image.shape[2] == 3:
        image = np.array(Image.fromarray(picture.pixels).convert("L"))[:, :, None]
    pixels = torch.from_numpy(unit(image).transpose(2, 0, 1).copy())
    return pixels.expand(channels, -1, -1).clone()


def _as_it_is(given: NDArray[Any] | Tensor, name: str) -> Sample:
    pixels, notes = as_tensor(given)
    picture = view_of(pixels, name=name)
    picture = replace(picture, notes=(*notes, *picture.notes))
    return Sample(picture, pixels, Geometry.identity(picture.size))
