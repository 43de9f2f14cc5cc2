"""The image input of a graph that is not PyTorch's: order of the axes, size, number type and batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..domain.shapes import Variants

COLOURS = (1, 3)


@dataclass(frozen=True)
class ImageInput:
    """What a graph declares about its one input; None in the shape stands for any number."""

    name: str
    shape: tuple[int | None, ...]
    kind: Any  # a numpy number type

    @property
    def channels_last(self) -> bool:
        return len(self.shape) == 4 and self.shape[1] not in COLOURS and self.shape[3] in COLOURS

    @property
    def size(self) -> tuple[int, ...] | None:
        """Height and width, unless the graph takes any."""
        space = self.shape[1:-1] if self.channels_last else self.shape[2:]
        sides = tuple(side for side in space if side)
        return sides if len(sides) == len(space) else None

    @property
    def batch(self) -> int | None:
        """The one batch size that the graph takes."""
        return self.shape[0]

    def ask(self, run: Callable[[NDArray[Any]], NDArray[Any]], ready: Variants, limit: int | None) -> NDArray[Any]:
        """The answers of `run`, chunk by chunk, each chunk as the graph wants it."""
        chunks = torch.split(ready, self.batch or limit or len(ready))
        return np.concatenate([run(self._wanted(chunk.numpy()))[: len(chunk)] for chunk in chunks])

    def _wanted(self, chunk: NDArray[Any]) -> NDArray[Any]:
        missing = (self.batch or 0) - len(chunk)
        if missing > 0:  # a fixed batch is filled up; what the graph says to the filling is thrown away
            chunk = np.concatenate([chunk, np.repeat(chunk[-1:], missing, axis=0)])
        if self.channels_last:
            chunk = np.moveaxis(chunk, 1, -1)
        if self.kind is np.uint8:
            chunk = (chunk * 255).round().clip(0, 255)
        return np.ascontiguousarray(chunk, dtype=self.kind)
