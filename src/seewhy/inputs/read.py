"""Read one image or clip of any kind, and make it what the model wants."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ..domain.check import Check
from ..domain.geometry import Geometry
from ..domain.picture import Picture
from ..domain.timeline import Timeline
from ..errors import BadPixels
from .arrays import as_image, as_tensor, frames_first, in_range, numbers, picture_of_array, unit, unit_checked, view_of
from .clip import Clip, clip_sample, is_clip, view_samples
from .decode import LARGEST, decode, picture_of
from .expand import Item, expand
from .photos import photo
from .preprocess import Preprocess
from .sample import Sample
from .still_frames import StillFrames, footage_of_frames
from .views import Views

__all__ = ["Item", "Sample", "expand", "photo", "read", "read_sample", "read_views"]

CLIPS = "give a video file, seewhy.Clip(frames), or a tensor (c, t, h, w)"


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
    if is_clip(given, preprocess):
        clip = given if isinstance(given, Clip) else Clip(given)
        return clip_sample(clip, preprocess, name=name if isinstance(thing, Item) else None)
    if not isinstance(given, np.ndarray | Tensor):
        if preprocess.pace is not None:
            raise BadPixels(f"{name!r} is one image, and the model wants clips.", fix=f"{CLIPS}.")
        return _preprocessed(read(thing), preprocess)
    if preprocess.any_range and not (isinstance(given, np.ndarray) and given.dtype == np.uint8):
        return _as_it_is(given, name)
    if preprocess.pace is not None:
        return _frames(given, name, preprocess)
    image, notes = as_image(given)
    picture = picture_of_array(image, name=name, notes=notes)
    if preprocess.keeps(picture.size):
        return Sample(picture, _exact(image, picture, preprocess.channels), Geometry.identity(picture.size))
    if image.dtype != np.uint8:
        picture = replace(picture, notes=(*picture.notes, "float pixels rounded to 8 bits before resizing"))
    return _preprocessed(picture, preprocess)


def read_views(thing: object, preprocess: Preprocess, views: Views) -> tuple[Sample, ...]:
    """The same of a clip for each view of it."""
    if views.count == 1:
        return (read_sample(thing, preprocess),)
    given, name = (thing.thing, thing.name) if isinstance(thing, Item) else (thing, None)
    if not is_clip(given, preprocess):
        problem = f"{name or 'The input'!r} cannot be seen in {views} views: it is one input, ready as it is."
        raise BadPixels(problem, fix="give a video file or seewhy.Clip(frames), or leave views out.")
    return tuple(view_samples(given if isinstance(given, Clip) else Clip(given), preprocess, views, name=name))


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


def _frames(given: NDArray[Any] | Tensor, name: str, preprocess: Preprocess) -> Sample:
    """Frames for a model that sees clips: as they are where they have its size, (c, t, h, w), sampled otherwise."""
    if given.ndim != 4:
        problem = f"{name!r} has the shape {tuple(given.shape)}: it is one image, and the model wants clips."
        raise BadPixels(problem, fix=f"{CLIPS}.")
    height, width = given.shape[2:]
    if given.shape[0] != preprocess.channels or not preprocess.keeps((height, width)):
        return clip_sample(Clip(given), preprocess, name=name)
    frames = np.moveaxis(numbers(given), 0, -1)
    footage = footage_of_frames(frames, name=name, fps=None)
    pixels = torch.from_numpy(unit(unit_checked(frames)).transpose(3, 0, 1, 2).copy())
    return _every_pixel(Picture(next(footage.frames([len(footage) // 2])), name=name), pixels, footage)


def _as_it_is(given: NDArray[Any] | Tensor, name: str) -> Sample:
    pixels, notes = as_tensor(given)
    picture = view_of(pixels, name=name)
    picture = replace(picture, notes=(*notes, *picture.notes))
    if pixels.ndim == 3:
        return Sample(picture, pixels, Geometry.identity(picture.size))
    shown = in_range(pixels)
    footage = StillFrames([partial(_frame, shown, i) for i in range(pixels.shape[1])], name=name)
    return replace(_every_pixel(picture, pixels, footage), doubts=_swapped(pixels))


def _every_pixel(still: Picture, pixels: Tensor, footage: StillFrames) -> Sample:
    """A clip that the model sees as it is."""
    geometry = replace(Geometry.identity(still.size), time=Timeline.identity(len(footage)))
    return Sample(still, pixels, geometry, footage)


def _swapped(pixels: Tensor) -> tuple[Check, ...]:
    """A doubt about which axis is time: a network may take either."""
    if not frames_first(pixels):
        return ()
    shape = tuple(pixels.shape)
    words = (
        f"The shape {shape} was read as {shape[0]} channels of {shape[1]} frames. If these are {shape[0]} frames of "
        f"{shape[1]} channels, the map is not that of a clip: give (c, t, h, w), as with clip.transpose(0, 1)."
    )
    return (Check("axes", "warning", words),)


def _frame(clip: Tensor, number: int) -> Picture:
    return view_of(clip[:, number], name=f"frame {number}")
