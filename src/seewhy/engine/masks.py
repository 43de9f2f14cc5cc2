"""Random soft masks: coarse coin flips, enlarged smoothly and shifted (RISE, section 3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..domain.shapes import Masks
from ..errors import BadOption


@dataclass
class SoftGrid:
    """Masks over any number of axes, drawn one after the other from one seed."""

    space: tuple[int, ...]
    side: int
    keep: float
    seed: int
    generator: torch.Generator = field(init=False)

    def __post_init__(self) -> None:
        if not 0 < self.keep < 1 or self.side < 1:
            raise BadOption(
                f"cells={self.side}, keep={self.keep} make no masks.",
                fix="use cells of at least 1 and a keep between 0 and 1.",
            )
        self.generator = torch.Generator().manual_seed(self.seed)

    @property
    def grid(self) -> tuple[int, ...]:
        return tuple(min(self.side, size) for size in self.space)

    @property
    def cells(self) -> int:
        return int(torch.tensor(self.grid).prod())

    def draw(self, count: int, block: int) -> Iterator[tuple[list[bytes], Masks]]:
        """`count` masks with their names, in blocks; a mask uses the same random numbers whatever the blocks."""
        while count > 0:
            size = min(block, count)
            drawn = [self._one() for _ in range(size)]
            yield [name for name, _ in drawn], torch.stack([mask for _, mask in drawn])
            count -= size

    def _one(self) -> tuple[bytes, Tensor]:
        bits = torch.rand(self.grid, generator=self.generator) < self.keep
        mask, name = bits.float(), repr(self.grid).encode() + bits.numpy().tobytes()
        for axis, (size, cells) in enumerate(zip(self.space, self.grid, strict=True)):
            step = -(-size // cells)
            shift = int(torch.randint(0, step, (), generator=self.generator))
            mask = torch.tensordot(_enlarge(size, cells, step, shift), mask, dims=([1], [axis])).movedim(0, axis)
            name += shift.to_bytes(4)
        return name, mask


def _enlarge(size: int, cells: int, step: int, shift: int) -> Tensor:
    """Linear interpolation of `cells` values to (cells + 1) * step pixels, of which `size` from `shift` on are kept."""
    at = (torch.arange(size) + shift + 0.5) * cells / ((cells + 1) * step) - 0.5
    at = at.clamp(0, cells - 1)
    low = at.floor().long().clamp(max=max(cells - 2, 0))
    part = at - low
    matrix = torch.zeros(size, cells)
    rows = torch.arange(size)
    matrix[rows, low] += 1 - part
    matrix[rows, (low + 1).clamp(max=cells - 1)] += part
    return matrix
