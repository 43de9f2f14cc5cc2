"""The parts of an image: a partition, or pieces that may overlap; which pixels a coalition shows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..errors import BadOption
from .shapes import Coalitions, Masks


@dataclass(frozen=True, eq=False)
class Regions:
    """Parts of one image: a partition (`labels`), or pieces that may overlap (`cover`)."""

    kind: str
    count: int
    labels: Tensor | None = None  # (*space) part of each pixel; -1 belongs to none and is always present
    cover: Tensor | None = None  # (p, *space) bool
    grid: tuple[int, ...] | None = None  # arrangement of the parts when it is a regular one

    @property
    def everywhere(self) -> bool:
        """Whether each pixel belongs to a part, so that without parts nothing of the image is left."""
        return self.labels is not None and bool((self.labels >= 0).all())

    @property
    def space(self) -> tuple[int, ...]:
        if self.labels is not None:
            return tuple(self.labels.shape)
        assert self.cover is not None
        return tuple(self.cover.shape[1:])

    @cached_property
    def digest(self) -> str:
        pixels = self.labels if self.labels is not None else self.cover
        assert pixels is not None
        return hashlib.blake2b(repr(pixels.shape).encode() + pixels.cpu().numpy().tobytes(), digest_size=16).hexdigest()

    def to(self, device: torch.device) -> Regions:
        """The same parts on another device."""
        labels, cover = (None if pixels is None else pixels.to(device) for pixels in (self.labels, self.cover))
        return Regions(self.kind, self.count, labels, cover, self.grid)

    def masks(self, coalitions: Coalitions) -> Masks:
        """True where a pixel stays: none of the absent parts covers it."""
        if self.labels is not None:
            present = torch.nn.functional.pad(coalitions, (0, 1), value=True)  # label -1 reads the last column
            return present[:, self.labels]
        assert self.cover is not None
        absent = ~coalitions
        if bool((absent.sum(dim=1) == 1).all()):
            return ~self.cover[absent.int().argmax(dim=1)]
        removed = absent.float() @ self.cover.flatten(1).float()
        return (removed == 0).reshape(-1, *self.space)

    def paint(self, values: Float[Tensor, "... p"]) -> Tensor:
        """Values of parts as a map: each pixel shows its part, or the mean of the parts that cover it."""
        if self.labels is not None:
            return torch.nn.functional.pad(values, (0, 1))[..., self.labels]
        assert self.cover is not None
        cover = self.cover.flatten(1).to(values.dtype)
        mean = values @ cover / cover.sum(dim=0).clamp(min=1)
        return mean.reshape(*values.shape[:-1], *self.space)

    def sums(self, map: Float[Tensor, "*space"]) -> Float[Tensor, " p"]:
        """What a map adds up to on each part."""
        if self.labels is not None:
            inside = self.labels.flatten() >= 0
            total = map.new_zeros(self.count)
            return total.index_add(0, self.labels.flatten()[inside], map.flatten()[inside])
        assert self.cover is not None
        return self.cover.flatten(1).to(map.dtype) @ map.flatten()

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
