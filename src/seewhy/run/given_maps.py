"""Maps that somebody else made, brought into one form."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..domain.shapes import Maps
from ..errors import BadMap


def maps_of(found: Any, images: Tensor, name: str) -> Maps:
    """What a function gave, one map per image on the images' device and in its own precision; channels are summed."""
    maps = found.detach() if isinstance(found, Tensor) else torch.as_tensor(np.asarray(found))
    if maps.ndim == images.ndim and maps.shape[0] == len(images) and maps.shape[1] in (1, images.shape[1]):
        maps = maps.sum(dim=1)
    if maps.ndim != images.ndim - 1 or len(maps) != len(images):
        raise BadMap(
            f"{name} gave maps of shape {tuple(maps.shape)} for images of shape {tuple(images.shape)}.",
            fix="give one map per image, (b, height, width), or one per channel, (b, channels, height, width).",
        )
    return maps.to(images.device)
