"""Random soft masks: coarse coin flips, enlarged smoothly and shifted (RISE, section 3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from ..domain.ranges import Sides, along
from ..domain.shapes import Masks
from ..errors import BadOption


@dataclass
class SoftGrid:
    """Masks over any number of axes, drawn one after the other from one seed."""

    space: tuple[int, ...]
    side: Sides
    keep: float
    seed: int
    generator: torch.Generator = field(init=False)

    def __post_init__(self) -> None:
        if not 0 < self.keep < 1:
            raise BadOption(f"keep={self.keep} makes no masks.", fix="use a keep between 0 and 1.")
        self.generator = torch.Generator().manual_seed(self.seed)

    @property
    def grid(self) -> tuple[int, ...]:
        return tuple(map(min, along("cells", self.side, self.space), self.space))

    @property
    def cells(self) -> int:
        return int(torch.tensor(self.grid).prod())

    @property
    def places(self) -> int:
        """Places that a band counts as independent: shifted masks differ within half a cell."""
        return int(
            torch.tensor([min(2 * cells - 1, size) for cells, size in zip(self.grid, self.space, strict=True)]).prod()
        )

    def draw(self, count: int, block: int, *, paired: bool = False) -> Iterator[tuple[list[bytes], Masks]]:
        """`count` masks with their names, in blocks; a mask uses the same random numbers whatever the blocks.

        Paired: `count` pairs, each mask followed by its opposite, which shows what it hides.
        """
        while count > 0:
            drawn = [self._numbers() for _ in range(min(max(1, block // 2) if paired else block, count))]
            count -= len(drawn)
            if paired:
                drawn = [mask for bits, shifts in drawn for mask in ((bits, shifts), (~bits, shifts))]
            names = [
                repr(self.grid).encode() + bits.numpy().tobytes() + shifts.numpy().tobytes() for bits, shifts in drawn
            ]
            yield names, self._enlarged(*(torch.stack(part) for part in zip(*drawn, strict=True)))

    def _numbers(self) -> tuple[Tensor, Tensor]:
        bits = torch.rand(self.grid, generator=self.generator) < self.keep
        return bits, (torch.rand(len(self.grid), generator=self.generator) * torch.tensor(self._steps)).long()

    def _enlarged(self, bits: Tensor, shifts: Tensor) -> Masks:
        masks = bits.float()
        for axis, matrices in enumerate(self._matrices):
            rows = masks.movedim(axis + 1, -1)
            rows = (rows.flatten(1, -2) @ matrices[shifts[:, axis]].mT).unflatten(1, rows.shape[1:-1])
            masks = rows.movedim(-1, axis + 1)
        return masks

    @cached_property
    def alike(self) -> list[tuple[Tensor, Tensor]]:
        """For each axis, how pixels are averaged to cells (k, size), and the covariance of pixels with cells (size, k).

        In units of the variance of one coin: the mean over all shifts of what two pixels have of the same coins.
        """
        found = []
        for size, cells, matrices in zip(self.space, self.grid, self._matrices, strict=True):
            owner = torch.arange(size) * cells // size
            average = torch.nn.functional.one_hot(owner, cells).T.float()
            average = average / average.sum(dim=1, keepdim=True)
            found.append((average, torch.einsum("sxc,syc,ky->xk", matrices, matrices, average) / len(matrices)))
        return found

    @property
    def _steps(self) -> list[int]:
        return [-(-size // cells) for size, cells in zip(self.space, self.grid, strict=True)]

    @cached_property
    def _matrices(self) -> list[Tensor]:
        """For each axis and shift, the interpolation from cells to pixels."""
        axes = zip(self.space, self.grid, self._steps, strict=True)
        return [torch.stack([_enlarge(*axis, shift) for shift in range(axis[2])]) for axis in axes]


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
