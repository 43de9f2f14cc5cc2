"""How many images fit into one model call: a guess from their size, halved whenever memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import torch

from ..errors import ModelFailed
from ..models.outputs import out_of_memory
from ..models.reach import fitting

T = TypeVar("T")
_ROOM = 128 << 20  # bytes of activations that a call may hold on a processor: with twice as many, caches miss
_PER_VALUE = 80  # bytes of activations per input value: forward only, measured on ResNet and ViT within a factor of 3
_GRAPH = 4  # a kept graph holds about four times as much
_MOST = 128


class Chunks:
    """Chunk sizes of one run, the same on every run so that the same seed gives the same bits."""

    def __init__(self, values: int, device: torch.device, limit: int | None) -> None:
        room = _ROOM
        if device.type == "cuda":
            room = torch.cuda.get_device_properties(device).total_memory // 8
        fit = max(1, room // (values * _PER_VALUE))
        self._most = min(_MOST, limit or _MOST)
        self.forward = self._capped(fit)
        self.backward = self._capped(max(1, fit // _GRAPH))

    def _capped(self, fit: int) -> int:
        power = 1 << (min(fit, _MOST).bit_length() - 1)
        return min(power, self._most)

    def run(self, rows: int, call: Callable[[slice], T], *, backward: bool = False, share: float = 1.0) -> Iterator[T]:
        """Call on consecutive slices of the rows, smaller ones after an out-of-memory error.

        `share` is how much of a whole pass a row is: so many more fit.
        """
        start = 0
        while start < rows:
            whole = self.backward if backward else self.forward
            size = min(fitting(whole, share), self._most)
            try:
                result = call(slice(start, min(start + size, rows)))
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                self._halve(whole, backward, error)
                continue
            yield result
            start += size

    def _halve(self, size: int, backward: bool, error: BaseException) -> None:
        if size == 1:
            raise ModelFailed(
                "A single image does not fit into memory.",
                fix="use a smaller model, a smaller input, or another device.",
            ) from error
        if backward:
            self.backward = size // 2
        else:
            self.forward = size // 2
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
