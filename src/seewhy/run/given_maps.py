"""Maps that somebody else made, brought into one form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..domain.shapes import Maps
from ..errors import BadMap


def maps_of(found: Any, images: Tensor, name: str) -> Maps:
    """What a function gave, one map per image on the images' device and in its own precision; channels are summed."""
    size = tuple(images.shape[2:])
    maps = found.detach() if isinstance(found, Tensor) else torch.as_tensor(np.asarray(found))
    if maps.ndim == images.ndim and maps.shape[0] == len(images) and maps.shape[1] in (1, images.shape[1]):
        maps = maps.sum(dim=1)
    if maps.ndim != images.ndim - 1 or len(maps) != len(images):
        raise BadMap(
            f"{name} gave maps of shape {tuple(maps.shape)} for images of shape {tuple(images.shape)}.",
            fix="give one map per image, (b, height, width), or one per channel, (b, channels, height, width).",
        )
    if not _of_the_form(tuple(maps.shape[1:]), size):
        raise BadMap(
            f"{name} gave maps of {_said(maps.shape[1:])} for images that are {_said(size)} to the model.",
            fix="give them at the pixels of the model's input, or coarser in the same proportion.",
        )
    return maps.to(images.device)


def _of_the_form(cells: tuple[int, ...], size: tuple[int, ...]) -> bool:
    """Whether maps are the input's pixels or coarser cells of it: others show another cut of the photo."""
    coarser = all(0 < cell <= pixels for cell, pixels in zip(cells, size, strict=True))
    (rows, columns), (height, width) = cells[-2:], size[-2:]
    return coarser and abs(rows * width - columns * height) < max(width, height)


def _said(size: Sequence[int]) -> str:
    return " x ".join(map(str, size))
