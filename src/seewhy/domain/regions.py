"""The ways to split an image into parts: who is present and who is absent in a game."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import BadOption, MissingPackage
from .clip_regions import Cuboids, Frames, Segments, Tubes
from .moving_regions import Moving, Supervoxels, Tracked
from .parts import Regions as Regions
from .parts import from_labels as from_labels
from .parts import grid_labels as grid_labels
from .ranges import Sides, along, whole
from .shots import Shots


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
        given = self.masks if isinstance(self.masks, Tensor) else torch.as_tensor(np.asarray(self.masks))
        space = tuple(image.shape[1:])
        if tuple(given.shape) == space:
            if not torch.equal(given.long().to(given.dtype), given):
                raise BadOption("The regions are numbered with fractions.", fix="give whole numbers as labels.")
            return from_labels(given.long(), "given")
        if tuple(given.shape[1:]) == space and len(given):
            return Regions("given", len(given), pieces=[(mask,) for mask in given.bool()], space=space)
        raise BadOption(
            f"The regions have shape {tuple(given.shape)}, the model's input {space}.",
            fix=f"give labels of shape {space}, or masks of shape (parts, {', '.join(map(str, space))}).",
        )


@dataclass(frozen=True)
class Windows:
    """Windows that slide over the image, the last one flush with the border; sizes in pixels, along time in frames."""

    window: Sides
    stride: Sides

    def starts(self, space: tuple[int, ...]) -> list[list[int]]:
        """The first places of the windows along each axis."""
        sides = zip(space, along("window", self.window, space), along("stride", self.stride, space), strict=True)
        return [sorted({*range(0, max(0, size - side), step), max(0, size - side)}) for size, side, step in sides]

    def count(self, space: tuple[int, ...]) -> int:
        return math.prod(map(len, self.starts(space)))

    def of(self, image: Tensor, patches: tuple[int, ...] | None = None) -> Regions:
        space = tuple(image.shape[1:])
        sides = [min(side, size) for side, size in zip(along("window", self.window, space), space, strict=True)]
        starts = self.starts(space)
        pieces = [
            tuple(slice(start, start + side) for start, side in zip(corner, sides, strict=True))
            for corner in itertools.product(*starts)
        ]
        return Regions("windows", len(pieces), pieces=pieces, grid=tuple(map(len, starts)), space=space)


ClipRegions = Frames | Segments | Shots | Tubes | Cuboids | Supervoxels | Moving | Tracked
RegionSpec = Pixels | Grid | Patches | Superpixels | Given | Windows | ClipRegions
