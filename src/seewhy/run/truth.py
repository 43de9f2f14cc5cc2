"""Masks and gaze maps that people give, on the pixels that the model sees."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

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
    """A mask or map of the photo, or of the model's input already, as the model's pixels see it; a file or an array."""
    if given is None:
        return None
    if isinstance(given, str | os.PathLike):
        given = _opened(Path(given))
    values = np.asarray(given)
    values = values > 0 if mask else values.astype(np.float32)
    if values.shape == tuple(sample.pixels.shape[1:]):
        return torch.from_numpy(values)
    if values.shape != sample.geometry.original:
        photo, seen = (" x ".join(map(str, size)) for size in (sample.geometry.original, sample.pixels.shape[1:]))
        problem = f"The {'mask' if mask else 'gaze map'} of {sample.picture.name} has shape {values.shape}."
        raise BadPixels(problem, fix=f"give it as the photo, {photo}, or as the model's input, {seen}.")
    found = torch.from_numpy(sample.geometry.to_model(values))
    return found if mask else found.nan_to_num(0.0)


def _opened(path: Path) -> Image.Image:
    try:
        return Image.open(path).convert("L")
    except OSError as error:
        problem = f"{str(path)!r} cannot be read: {error.strerror or 'it is no image'}."
        raise UnreadableImage(problem, fix="give a PNG file as large as the photo, or None for this image.") from error
