"""Grid pointing: in a mosaic of images, how much of what speaks for one image's class lies in its own cell."""

from __future__ import annotations

from itertools import product
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from ..domain.ranges import share, whole
from ..domain.score import Effort, Line, Score, Scores, Unjudged
from ..domain.shapes import Images
from ..domain.target import OWN_SCALE, probabilities
from ..engine.trial import Trial
from ..errors import SeewhyError
from ..metric_registry import metric

Size = Literal["whole", "shrunk"]
Place = tuple[slice, ...]


@metric(
    "grid-pointing",
    family="place",
    card="extended",
    asks=("explainer", "others"),
    paper="Böhle et al. 2021, arXiv:2104.00032; Rao et al. 2022, arXiv:2205.10435 (GridPG)",
    effort=lambda options: Effort(explanations=1),
    lines=(
        Line("grid pointing", "higher", "Share of the positive values in the image's own cell."),
        Line("grid pointing, by area", "higher", "The same divided by the share of the area.", 1.0),
    ),
    traps=(
        "A mosaic is no natural image, and the class of one cell may be read from another: no proof of a wrong map.",
        "Published mosaics are larger than the model's input; a model of one size needs shrunk images.",
        "One cell of one mosaic per image, where papers explain all cells of 500 mosaics: the mean is the same.",
    ),
)
def grid_pointing(trial: Trial, *, cells: int = 2, sure: float = 0.99, size: Size = "whole") -> Scores:
    """A seeded mosaic of this image and others of other classes, all of which the model is sure of."""
    whole("cells", cells, least=2)
    share("sure", sure)
    again, generator = trial.explained_again(), torch.Generator().manual_seed(trial.seed)
    images = _beside(trial, cells**2 - 1, sure, generator)
    own = int(torch.randint(cells**2, (1,), generator=generator))
    images = torch.cat([images[:own], trial.image[None], images[own:]])
    mosaic, places = _mosaic(images, cells, size)
    try:
        found = again(trial.probe.model, mosaic[None], [trial.target], seed=trial.seed)[0].clamp(min=0).double()
    except SeewhyError as error:
        raise Unjudged(f"the mosaic cannot be explained: {error.problem}") from error
    finally:
        trial.probe.model.meet(tuple(trial.image.shape))
    if not bool(found.any()):
        raise Unjudged("nothing in the mosaic speaks for the target")
    inside = found[places[own]]
    held = float(inside.sum() / found.sum())
    return {
        "grid pointing": Score(held),
        "grid pointing, by area": Score(held * found.numel() / inside.numel()),
    }


def _beside(trial: Trial, count: int, sure: float, generator: torch.Generator) -> Images:
    """Other images, one of each class but the target's, of which the model is sure."""
    asked = trial.on("probability")
    if trial.target.index is None or trial.target.against is not None or trial.target.kind in OWN_SCALE:
        raise Unjudged("the target is no class")
    if (known := float(asked.probe.score(asked.probe.clean))) < sure:
        raise Unjudged(f"the model gives the image {known:.2f}, and {sure} is asked for")
    if trial.others is None or trial.others.images.shape[1:] != trial.image.shape:
        raise Unjudged("there are no other images of this size to put beside it")
    chances, classes = probabilities(trial.others.clean, trial.target.kind).max(dim=1)
    by_class: dict[int, int] = {}
    for i in torch.randperm(len(classes), generator=generator).tolist():
        if float(chances[i]) >= sure and int(classes[i]) != trial.target.index:
            by_class.setdefault(int(classes[i]), i)
    if len(by_class) < count:
        raise Unjudged(f"a mosaic needs images of {count} other classes, and the model is sure of {len(by_class)}")
    return trial.others.images[list(by_class.values())[:count]]


def _mosaic(images: Images, cells: int, size: Size) -> tuple[Float[Tensor, "c *space"], list[Place]]:
    """Images in rows of the last two axes, and where each of them lies."""
    height, width = (side * (cells if size == "whole" else 1) for side in images.shape[-2:])
    rows, columns = (
        [slice(side * i // cells, side * (i + 1) // cells) for i in range(cells)] for side in (height, width)
    )
    mosaic = images.new_empty(*images.shape[1:-2], height, width)
    places: list[Place] = [(..., row, column) for row, column in product(rows, columns)]  # type: ignore[misc]
    for image, place in zip(images, places, strict=True):
        cell = mosaic[place]
        planes = image.reshape(1, -1, *image.shape[-2:])
        cell.copy_(torch.nn.functional.interpolate(planes, size=cell.shape[-2:], mode="area").reshape(cell.shape))
    return mosaic, places
