"""Masks and gaze maps that people give, on the pixels that the model sees."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ..domain.geometry import Geometry
from ..errors import BadOption, BadPixels, MissingInput, UnreadableImage
from ..inputs.read import Sample


def per_image(given: Any, count: int, what: str) -> Sequence[Any]:
    """One for each image, nothing where there is none; a folder's files are taken in the order of their names."""
    if given is None:
        return [None] * count
    if isinstance(given, str | os.PathLike):
        given = _files(Path(given), what)
    if len(given) != count:
        raise BadOption(f"{len(given)} {what} were given for {count} images.", fix="give one per image, None for none.")
    return list(given)


def _files(folder: Path, what: str) -> list[Path]:
    if not folder.is_dir():
        problem = f"{str(folder)!r} is no folder of {what}."
        raise MissingInput(problem, fix="give a folder with one file per image, in the order of their names.")
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def on_model(given: Any, sample: Sample, *, mask: bool) -> Tensor | None:
    """A mask or map of the photo, or of the model's input already, as the model's pixels see it; a file or an array.

    Of a clip it has a frame for each that the model sees, or for each of the original; masks may be given as boxes.
    """
    if given is None:
        return None
    geometry, inputs = sample.geometry, tuple(sample.pixels.shape[1:])
    values = _on_frames(_read(given), geometry)
    values = values > 0 if mask else values.astype(np.float32)
    if values.shape == inputs:
        return torch.from_numpy(values)
    if values.shape != geometry.pixels:
        noun = "photo" if geometry.time is None else "clip"
        whole, seen = (" x ".join(map(str, size)) for size in (geometry.pixels, inputs))
        problem = f"The {'mask' if mask else 'gaze map'} of {sample.picture.name} has shape {values.shape}."
        raise BadPixels(problem, fix=f"give it as the {noun}, {whole}, or as the model's input, {seen}.")
    found = torch.from_numpy(geometry.to_model(values))
    return found if mask else found.nan_to_num(0.0)


def on_clip(given: Any, geometry: Geometry) -> NDArray[np.bool_]:
    """A mask of a clip, or a box per frame, on the original pixels (t, H, W) of the frames that the model saw."""
    values = _on_frames(_read(given), geometry) > 0
    if geometry.time is not None and values.shape == (len(geometry.time), *geometry.model) != geometry.pixels:
        values = geometry.to_original(values.astype(np.float32), blocky=True) > 0.5
    if values.shape != geometry.pixels:
        whole = " x ".join(map(str, geometry.pixels))
        raise BadPixels(f"The mask has shape {values.shape}.", fix=f"give {whole}, or a box per frame.")
    return np.asarray(values, dtype=bool)


def _read(given: Any) -> NDArray[Any]:
    """An array; frames without a box are None in a list of boxes."""
    if isinstance(given, str | os.PathLike):
        given = _opened(Path(given))
    if isinstance(given, list | tuple):
        given = [(np.nan,) * 4 if one is None else one for one in given]
    return np.asarray(given)


def _on_frames(values: NDArray[Any], geometry: Geometry) -> NDArray[Any]:
    """Of a clip boxes as masks, and of frames of the original those that the model saw."""
    time = geometry.time
    if time is None:
        return values
    if values.ndim == 2 and values.shape[1] == 4:
        values = _tube(values.astype(np.float64), geometry.original)
    return values[list(time.shown)] if len(values) == time.frames != len(time) else values


def _tube(boxes: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Left, top, right, bottom for each frame as masks, by the centres of pixels; NaN where there is no box."""
    y, x = (np.arange(side) + 0.5 for side in size)
    left, top, right, bottom = boxes.T[:, :, None]
    rows, columns = (y >= top) & (y < bottom), (x >= left) & (x < right)
    return np.asarray(rows[:, :, None] & columns[:, None, :])


def _opened(path: Path) -> Image.Image:
    try:
        return Image.open(path).convert("L")
    except OSError as error:
        problem = f"{str(path)!r} cannot be read: {error.strerror or 'it is no image'}."
        raise UnreadableImage(problem, fix="give a PNG file as large as the photo, or None for this image.") from error
