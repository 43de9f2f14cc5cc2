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
from ..domain.target import OWN_SCALE, Target, kind_of, probabilities
from ..engine.control import Control
from ..errors import BadOption, MissingInput
from ..inputs.expand import Item, expand
from ..inputs.read import read_sample
from ..models.adapt import adapt
from ..models.model import Model
from ..stats.bootstrap import mean_interval
from ..stats.compare import Ranking, compare
from ..stats.interval import Interval
from .explain import preprocess_for
from .explainers import explainers_of, problem_of

Size = Literal["whole", "shrunk"]
Place = tuple[Any, ...]
Numbers = NDArray[np.float64]
Sure = dict[int, list[Item]]  # images by the class that the model is sure of


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
        known = _sure(adapted, items, sure)
        chosen = [_chosen(known, cells**2, generator) for _ in range(mosaics)]
        explainers = explainers_of(methods, adapted, seed=seed, options=options)
        scores = {one.name: np.full((mosaics, cells**2), np.nan) for one in explainers}
        problems: dict[str, dict[int, str]] = {one.name: {} for one in explainers}
        for i, members in enumerate(chosen):
            pictures = torch.stack([_read(adapted, item) for _, item in members])
            mosaic, places = _mosaic(pictures, cells, size)
            targets = [Target(index, str(index)) for index, _ in members]
            adapted.meet(tuple(mosaic.shape))
            for one in explainers:
                try:
                    asked = mosaic.expand(len(targets), *mosaic.shape)
                    maps = one(adapted, asked, targets, seed=seed + i, control=control)
                    scores[one.name][i] = _held(maps, places)
                except Exception as error:  # a person's function may raise anything: the others go on
                    problems[one.name][i] = problem_of(error)
    return GridPointing(scores, tuple(tuple(item.name for _, item in m) for m in chosen), problems, 1 / cells**2)


def _valid(cells: int, mosaics: int, sure: float, size: str) -> None:
    whole("cells", cells, least=2)
    whole("mosaics", mosaics)
    share("sure", sure)
    if size not in ("whole", "shrunk"):
        raise BadOption(f"size={size!r} is not possible.", fix="give whole or shrunk.")


def _read(model: Model, item: Item) -> Tensor:
    return read_sample(item, preprocess_for(model, item)).pixels.to(model.device)


def _sure(model: Model, items: Sequence[Item], sure: float) -> Sure:
    """The images that the model gives its top class at least this probability, one forward pass each."""
    found: Sure = {}
    for item in items:
        pixels = _read(model, item)
        model.meet(tuple(pixels.shape))
        with torch.inference_mode():
            outputs = model(pixels[None])
        kind = model.kind or kind_of(outputs)
        if kind in OWN_SCALE:
            raise BadOption(f"{model.name} answers no classes.", fix="play the grid pointing game with a classifier.")
        chance, index = probabilities(outputs, kind)[0].max(dim=0)
        if float(chance) >= sure:
            found.setdefault(int(index), []).append(item)
    return found


def _chosen(known: Sure, count: int, generator: torch.Generator) -> list[tuple[int, Item]]:
    """Images of so many different classes, each class and each of its images as likely as any other."""
    if len(known) < count:
        problem = f"A mosaic needs images of {count} classes, and the model is sure of images of {len(known)}."
        raise MissingInput(problem, fix="give more images, or ask for less certainty with sure=….")
    names = list(known)
    classes = [names[i] for i in torch.randperm(len(names), generator=generator)[:count].tolist()]
    return [(name, known[name][int(torch.randint(len(known[name]), (1,), generator=generator))]) for name in classes]


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
