"""The grid pointing game: in mosaics of images, how much of what speaks for a class lies where its image is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..domain.ranges import share, whole
from ..domain.shapes import Images
from ..domain.target import Target
from ..engine.control import Control
from ..errors import BadOption, Cancelled
from ..inputs.expand import expand
from ..models.adapt import adapt
from ..stats.bootstrap import mean_interval
from ..stats.compare import Ranking, compare
from ..stats.interval import Interval
from .explainers import explainers_of, problem_of
from .sure_of import of_different_classes, pixels_of, sure_of

Size = Literal["whole", "shrunk"]
Place = tuple[Any, ...]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GridPointing:
    """Shares of the positive values in the right cell."""

    scores: Mapping[str, Numbers]  # (mosaics, cells) by method; NaN where nothing speaks for the class
    mosaics: tuple[tuple[str, ...], ...]  # the names of their images
    problems: Mapping[str, Mapping[int, str]]  # why a method has no map of a mosaic
    chance: float  # what a map that knows nothing gets

    def interval(self, method: str) -> Interval:
        """The mean with its 95 % interval; the mosaic is the unit, and only those with all cells count."""
        return mean_interval(self.scores[method].mean(axis=1))

    def ranking(self) -> Ranking:
        """All methods compared in pairs on the same mosaics."""
        return compare({method: table.mean(axis=1) for method, table in self.scores.items()})


def grid_pointing(
    model: Any,
    images: Any,
    methods: Any,
    *,
    cells: int = 2,
    mosaics: int = 500,
    sure: float = 0.99,
    size: Size = "whole",
    preprocess: Any = None,
    seed: int = 0,
    **options: Any,
) -> GridPointing:
    """Explain each cell's class in seeded mosaics of images of different classes that the model is sure of.

    As in Rao et al. 2022, arXiv:2205.10435 (GridPG). Published mosaics are as many times larger than the model's
    input; `size="shrunk"` fits them into it, for networks of one size.
    """
    _valid(cells, mosaics, sure, size)
    adapted = adapt(model, preprocess=preprocess)
    items, _ = expand(images)
    generator, control = torch.Generator().manual_seed(seed), Control()
    with adapted.borrowed():
        known = sure_of(adapted, items, sure)
        chosen = [of_different_classes(known, cells**2, generator) for _ in range(mosaics)]
        explainers = explainers_of(methods, adapted, seed=seed, options=options)
        scores = {one.name: np.full((mosaics, cells**2), np.nan) for one in explainers}
        problems: dict[str, dict[int, str]] = {one.name: {} for one in explainers}
        for i, members in enumerate(chosen):
            pictures = torch.stack([pixels_of(adapted, item) for _, item in members])
            mosaic, places = _mosaic(pictures, cells, size)
            targets = [Target(index, str(index)) for index, _ in members]
            adapted.meet(tuple(mosaic.shape))
            for one in explainers:
                try:
                    asked = mosaic.expand(len(targets), *mosaic.shape)
                    maps = one(adapted, asked, targets, seed=seed + i, control=control)
                    scores[one.name][i] = _held(maps, places)
                except Cancelled:
                    raise
                except Exception as error:  # a person's function may raise anything: the others go on
                    problems[one.name][i] = problem_of(error)
    return GridPointing(scores, tuple(tuple(item.name for _, item in m) for m in chosen), problems, 1 / cells**2)


def _valid(cells: int, mosaics: int, sure: float, size: str) -> None:
    whole("cells", cells, least=2)
    whole("mosaics", mosaics)
    share("sure", sure)
    if size not in ("whole", "shrunk"):
        raise BadOption(f"size={size!r} is not possible.", fix="give whole or shrunk.")


def _mosaic(images: Images, cells: int, size: Size) -> tuple[Float[Tensor, "c *space"], list[Place]]:
    """Images side by side on the last two axes, and where each of them lies."""
    height, width = (side * (cells if size == "whole" else 1) for side in images.shape[-2:])
    mosaic = images.new_empty(*images.shape[1:-2], height, width)
    rows, columns = (_cuts(side, cells) for side in (height, width))
    places: list[Place] = [(..., row, column) for row, column in product(rows, columns)]
    for image, place in zip(images, places, strict=True):
        cell = mosaic[place]
        planes = image.reshape(1, -1, *image.shape[-2:])
        cell.copy_(functional.interpolate(planes, size=cell.shape[-2:], mode="area").reshape(cell.shape))
    return mosaic, places


def _cuts(side: int, cells: int) -> list[slice]:
    return [slice(side * i // cells, side * (i + 1) // cells) for i in range(cells)]


def _held(maps: Float[Tensor, "cells *space"], places: Sequence[Place]) -> list[float]:
    """For each cell's own map the share of its positive values in the cell; NaN where there are none."""
    positive = maps.clamp(min=0).double()
    return [float(one[place].sum() / one.sum()) for one, place in zip(positive, places, strict=True)]
