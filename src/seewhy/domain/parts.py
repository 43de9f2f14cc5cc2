"""The parts of an image: a partition, or pieces that may overlap; which pixels a coalition shows."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.utils._pytree import tree_map_only

from ..errors import BadOption
from .shapes import Coalitions, Masks

Piece = tuple[slice, ...] | tuple[Tensor]  # the index of a part's pixels: a box, which needs no memory, or a mask


@dataclass(frozen=True, eq=False)
class Regions:
    """Parts of one image: a partition (`labels`), or `pieces` of its space that may overlap."""

    kind: str
    count: int
    labels: Tensor | None = None  # (*space) part of each pixel; -1 belongs to none and is always present
    pieces: Sequence[Piece] = ()
    grid: tuple[int, ...] | None = None  # arrangement of the parts when it is a regular one
    space: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.labels is not None:
            object.__setattr__(self, "space", tuple(self.labels.shape))

    @property
    def everywhere(self) -> bool:
        """Whether each pixel belongs to a part, so that without parts nothing of the image is left."""
        return self.labels is not None and bool((self.labels >= 0).all())

    @cached_property
    def digest(self) -> str:
        found = hashlib.blake2b(repr(self.space).encode(), digest_size=16)
        for side in itertools.chain.from_iterable(self.pieces) if self.labels is None else (self.labels,):
            found.update(side.cpu().numpy().tobytes() if isinstance(side, Tensor) else repr(side).encode())
        return found.hexdigest()

    def to(self, device: torch.device) -> Regions:
        """The same parts on another device."""
        labels = None if self.labels is None else self.labels.to(device)
        pieces = tree_map_only(Tensor, lambda mask: mask.to(device), self.pieces)
        return Regions(self.kind, self.count, labels, pieces, self.grid, self.space)

    def part(self, i: int) -> Bool[Tensor, "*space"]:
        """The pixels of one part."""
        if self.labels is not None:
            return self.labels == i
        pixels = torch.zeros(self.space, dtype=torch.bool)
        pixels[self.pieces[i]] = True
        return pixels

    def masks(self, coalitions: Coalitions) -> Masks:
        """True where a pixel stays: none of the absent parts covers it."""
        if self.labels is not None:
            present = torch.nn.functional.pad(coalitions, (0, 1), value=True)  # label -1 reads the last column
            return present[:, self.labels]
        masks = coalitions.new_ones(len(coalitions), *self.space)
        for row, part in (~coalitions).nonzero().tolist():
            masks[row][self.pieces[part]] = False
        return masks

    @cached_property
    def bounds(self) -> Int[Tensor, "p 2 axes"]:
        """The first place of each part along each axis, and the one behind its last, on the processor."""
        if self.labels is None:
            return torch.tensor([_bounds(piece) for piece in self.pieces])
        labels = self.labels.cpu()
        owners, places = labels[labels >= 0], (labels >= 0).nonzero()
        index = owners[:, None].expand_as(places)
        first = torch.full((self.count, labels.ndim), max(self.space)).scatter_reduce(0, index, places, "amin")
        return torch.stack([first, torch.zeros_like(first).scatter_reduce(0, index, places + 1, "amax")], dim=1)

    def around(self, coalitions: Coalitions) -> Int[Tensor, "n 2 axes"]:
        """The same of all that is absent, without making masks; the first pixel where nothing is."""
        absent = ~coalitions.cpu()[:, :, None]
        first, end = self.bounds.unbind(1)
        first = torch.where(absent, first, max(self.space)).amin(dim=1)
        end = torch.where(absent, end, 0).amax(dim=1)
        nothing = (first >= end).any(dim=1, keepdim=True)
        return torch.stack([first.masked_fill(nothing, 0), end.masked_fill(nothing, 1)], dim=1)

    def paint(self, values: Float[Tensor, "... p"]) -> Tensor:
        """Values of parts as a map: each pixel shows its part, or the mean of the parts that cover it."""
        if self.labels is not None:
            return torch.nn.functional.pad(values, (0, 1))[..., self.labels]
        total, covers = values.new_zeros(*values.shape[:-1], *self.space), values.new_zeros(self.space)
        for i, piece in enumerate(self.pieces):
            total[(..., *piece)] += values[..., i].reshape(*values.shape[:-1], *[1] * len(piece))
            covers[piece] += 1
        return total / covers.clamp(min=1)

    def sums(self, map: Float[Tensor, "*space"]) -> Float[Tensor, " p"]:
        """What a map adds up to on each part."""
        if self.labels is not None:
            inside = self.labels.flatten() >= 0
            total = map.new_zeros(self.count)
            return total.index_add(0, self.labels.flatten()[inside], map.flatten()[inside])
        return torch.stack([map[piece].sum() for piece in self.pieces])

    def native(self, values: Float[Tensor, "... p"]) -> Tensor:
        """The map in its own resolution: the grid when there is one, otherwise painted pixels."""
        if self.grid is not None and self.labels is not None:
            return values.reshape(*values.shape[:-1], *self.grid)
        return self.paint(values)


def grid_labels(space: tuple[int, ...], cells: tuple[int, ...]) -> Tensor:
    """Cell number of each pixel on an even grid."""
    labels = torch.zeros(space, dtype=torch.long)
    for axis, (size, count) in enumerate(zip(space, cells, strict=True)):
        steps = torch.arange(size) * count // size
        labels = labels * count + steps.reshape([-1 if i == axis else 1 for i in range(len(space))])
    return labels


def from_labels(labels: Bool[Tensor, "*space"] | Tensor, kind: str) -> Regions:
    """A partition from any integer labels; gaps and a first label of 1 do not matter, negative ones are no part."""
    names, dense = torch.unique(labels, return_inverse=True)
    dense = (dense.reshape(labels.shape) - (names < 0).sum()).clamp(min=-1)
    if int(dense.max()) < 0:
        raise BadOption("The regions name no part at all.", fix="give labels from 0 on; negative ones mean: no part.")
    return Regions(kind, int(dense.max()) + 1, labels=dense)


def _bounds(piece: Piece) -> list[list[int]]:
    if len(piece) > 1 or isinstance(piece[0], slice):
        return [[side.start for side in piece], [side.stop for side in piece]]
    places = piece[0].nonzero().cpu()
    if not len(places):
        return [[0] * places.shape[1]] * 2
    return [places.amin(dim=0).tolist(), (places.amax(dim=0) + 1).tolist()]
