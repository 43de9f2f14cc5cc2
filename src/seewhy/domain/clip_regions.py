"""Parts of a clip that need no look at its pixels: frames, segments of time, tubes through all time, cuboids."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from ..errors import BadOption
from .parts import Regions, grid_labels
from .ranges import whole


def space_of_clip(image: Tensor, what: str) -> tuple[int, ...]:
    """Frames, height and width; photos are refused by name."""
    if image.ndim != 4:
        raise BadOption(
            f"{what} need a clip; this input is an image of shape {tuple(image.shape)}.",
            fix="give a clip of shape (c, t, h, w), or use what images have: grid, superpixels; mean, blur.",
        )
    return tuple(image.shape[1:])


def even(image: Tensor, kind: str, cells: tuple[int, ...]) -> Regions:
    """An even grid of so many cells along time, height and width, as far as there are that many places."""
    space = space_of_clip(image, kind.capitalize())
    cells = tuple(min(size, count) for size, count in zip(space, cells, strict=True))
    return Regions(kind, math.prod(cells), labels=grid_labels(space, cells), grid=cells)


@dataclass(frozen=True)
class Frames:
    """Each frame is a part."""

    def of(self, image: Tensor, patches: tuple[int, ...] | None = None) -> Regions:
        return even(image, "frames", (space_of_clip(image, "Frames")[0], 1, 1))


@dataclass(frozen=True)
class Segments:
    """Runs of frames, as even as they can be."""

    count: int = 8

    def __post_init__(self) -> None:
        whole("count", self.count)

    def of(self, image: Tensor, patches: tuple[int, ...] | None = None) -> Regions:
        return even(image, "segments", (self.count, 1, 1))


@dataclass(frozen=True)
class Tubes:
    """Cells of the picture, `cells` along each side, each through the whole time."""

    cells: int = 7

    def __post_init__(self) -> None:
        whole("cells", self.cells)

    def of(self, image: Tensor, patches: tuple[int, ...] | None = None) -> Regions:
        return even(image, "tubes", (1, self.cells, self.cells))


@dataclass(frozen=True)
class Cuboids:
    """Boxes of space and time: so many along time, height and width."""

    time: int = 4
    rows: int = 4
    columns: int = 4

    def __post_init__(self) -> None:
        for name, count in vars(self).items():
            whole(name, count)

    def of(self, image: Tensor, patches: tuple[int, ...] | None = None) -> Regions:
        return even(image, "cuboids", (self.time, self.rows, self.columns))
