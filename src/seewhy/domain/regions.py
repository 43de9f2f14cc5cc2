"""The parts that an image is split into: who is present and who is absent in a game."""

from __future__ import annotations

import hashlib
import itertools
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from torch import Tensor

from ..errors import BadOption, MissingPackage
from .ranges import whole
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


@dataclass(frozen=True)
class Grid:
    """An even grid of cells along each axis."""

    cells: int = 7

    def __post_init__(self) -> None:
        whole("cells", self.cells)

    def of(self, image: Tensor, patches: tuple[int, ...] | None = None) -> Regions:
        space = tuple(image.shape[1:])
        cells = tuple(min(self.cells, size) for size in space)
        return Regions("grid", math.prod(cells), labels=grid_labels(space, cells), grid=cells)


@dataclass(frozen=True)
class Pixels:
    """Each pixel is a part."""

    def of(self, image: Tensor, patches: tuple[int, ...] | None = None) -> Regions:
        space = tuple(image.shape[1:])
        return Regions("pixels", math.prod(space), labels=grid_labels(space, space), grid=space)


@dataclass(frozen=True)
class Patches:
    """The patches of a vision transformer (`size` in pixels; 0 takes the model's own)."""

    size: int = 0

    def __post_init__(self) -> None:
        whole("size", self.size, least=0)

    def of(self, image: Tensor, patches: tuple[int, ...] | None = None) -> Regions:
        space = tuple(image.shape[1:])
        if not self.size and patches is None:
            raise BadOption(
                "This model has no patches of its own.", fix="give their size in pixels, as in patches:16, or a grid."
            )
        cells = tuple(math.ceil(side / self.size) for side in space) if self.size else patches
        assert cells is not None
        return Regions("patches", math.prod(cells), labels=grid_labels(space, cells), grid=cells)


@dataclass(frozen=True)
class Superpixels:
    """Regions that follow the colours of the image: about `count` of them (slic), or as many as quickshift finds."""

    count: int = 50
    how: str = "slic"  # slic or quickshift (what LIME was published with)
    seed: int = 0

    def __post_init__(self) -> None:
        whole("count", self.count)
        whole("seed", self.seed, least=0)

    def of(self, image: Tensor, patches: tuple[int, ...] | None = None) -> Regions:
        labels = torch.from_numpy(self._segment(image))
        return from_labels(labels, "superpixels")

    def _segment(self, image: Tensor) -> NDArray[np.int64]:
        try:
            from skimage.segmentation import quickshift, slic
        except ImportError as error:
            raise MissingPackage("Superpixels need scikit-image.", fix="pip install 'seewhy[regions]'") from error
        pixels = np.ascontiguousarray(np.moveaxis(image.detach().cpu().double().numpy(), 0, -1))
        if self.how == "quickshift" and image.ndim == 3 and image.shape[0] == 3:
            return np.asarray(quickshift(pixels, kernel_size=4, max_dist=200, ratio=0.2, rng=self.seed), dtype=np.int64)
        if self.how != "slic":
            raise BadOption(
                f"Superpixels cannot be made by {self.how!r} on an image of shape {tuple(image.shape)}.",
                fix="choose slic, or quickshift for colour images.",
            )
        found = slic(pixels, n_segments=self.count, compactness=10, start_label=0, channel_axis=-1)
        return np.asarray(found, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Given:
    """Parts that the caller brings: labels per pixel, or a stack of masks (p, *space)."""

    masks: NDArray[Any] | Tensor

    def of(self, image: Tensor, patches: tuple[int, ...] | None = None) -> Regions:
        given, space = torch.as_tensor(np.asarray(self.masks)), tuple(image.shape[1:])
        if tuple(given.shape) == space:
            if not torch.equal(given.long().to(given.dtype), given):
                raise BadOption("The regions are numbered with fractions.", fix="give whole numbers as labels.")
            return from_labels(given.long(), "given")
        if tuple(given.shape[1:]) == space and len(given):
            return Regions("given", len(given), cover=given.bool())
        raise BadOption(
            f"The regions have shape {tuple(given.shape)}, the model's input {space}.",
            fix=f"give labels of shape {space}, or masks of shape (parts, {', '.join(map(str, space))}).",
        )


@dataclass(frozen=True)
class Windows:
    """Windows that slide over the image, the last one flush with the border; sizes in pixels."""

    window: int
    stride: int

    def starts(self, size: int) -> list[int]:
        """First pixel of each window along one axis."""
        if self.window < 1 or self.stride < 1:
            raise BadOption(
                f"window={self.window}, stride={self.stride} is not a grid.", fix="use sizes of at least 1."
            )
        last = max(0, size - self.window)
        return sorted({*range(0, last, self.stride), last})

    def count(self, space: tuple[int, ...]) -> int:
        return math.prod(len(self.starts(size)) for size in space)

    def of(self, image: Tensor, patches: tuple[int, ...] | None = None) -> Regions:
        space = tuple(image.shape[1:])
        corners = list(itertools.product(*(self.starts(size) for size in space)))
        cover = torch.zeros(len(corners), *space, dtype=torch.bool)
        for mask, corner in zip(cover, corners, strict=True):
            mask[tuple(slice(start, start + self.window) for start in corner)] = True
        return Regions("windows", len(corners), cover=cover, grid=tuple(len(self.starts(size)) for size in space))


RegionSpec = Pixels | Grid | Patches | Superpixels | Given | Windows


def from_labels(labels: Bool[Tensor, "*space"] | Tensor, kind: str) -> Regions:
    """A partition from any integer labels; gaps and a first label of 1 do not matter, negative ones are no part."""
    names, dense = torch.unique(labels, return_inverse=True)
    dense = (dense.reshape(labels.shape) - (names < 0).sum()).clamp(min=-1)
    if int(dense.max()) < 0:
        raise BadOption("The regions name no part at all.", fix="give labels from 0 on; negative ones mean: no part.")
    return Regions(kind, int(dense.max()) + 1, labels=dense)
