"""A network asked about copies of one image that differ in small places: only what these can reach is run again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor, nn

from ..domain.shapes import Outputs, Variants
from .local import alone
from .patches import Patch, Patches
from .prepared import CLOSE
from .reach import Group, reach
from .tape import Tape

Read = Callable[[Any, int], Outputs]  # the class scores in a network's answer for so many rows


class Incremental:
    """One clean pass, and the answers for what differs from it in a box per row."""

    def __init__(self, module: nn.Module, ready: Tensor, normalised: Callable[[Variants], Tensor], read: Read) -> None:
        self._tape = Tape.of(module, ready, alone)
        self._patches, self._normalised, self._read = Patches(self._tape), normalised, read

    def groups(self, bounds: Int[Tensor, "n 2 axes"], most: int) -> Iterator[Group]:
        """Changes within these bounds, those together that cost least so; `most` whole images fit into memory."""
        return reach(self._tape, bounds).groups(most)

    def answers_like(self, ask: Callable[[Variants], Outputs], image: Variants) -> bool:
        """Whether two boxes on the image itself get the answers that the whole images get."""
        space = torch.tensor(image.shape[2:])
        start, size = torch.stack([space // 8, space // 3]), tuple((space // 4).clamp(min=1).tolist())
        whole = image.repeat(2, *[1] * (image.ndim - 1))
        boxes = image.new_zeros(2, image.shape[1], *size)
        for row, corner in zip(whole, start.tolist(), strict=True):
            row[(slice(None), *(slice(at, at + extent) for at, extent in zip(corner, size, strict=True)))] = 0
        with torch.no_grad():
            expected, found = ask(whole), self(boxes, start)
        return bool((found - expected).abs().max() <= CLOSE * expected.abs().max())

    def __call__(self, boxes: Variants, start: Tensor) -> Outputs:
        """Outputs of the image with boxes (n, c, *size), in image space, laid over it from `start` (n, axes) on."""
        with torch.no_grad():
            answer = self._patches(Patch(self._normalised(boxes), start))
        return self._read(answer, len(boxes))
