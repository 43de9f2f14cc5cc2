"""Local Lipschitz estimate: the steepest change of the map per change of the image, among a few images close by."""

from __future__ import annotations

from ..domain.score import Effort, Line, Score, Scores
from ..engine.neighbours import distances, neighbours
from ..engine.trial import Trial
from ..metric_registry import metric


@metric(
    "local-lipschitz",
    family="stability",
    card="extended",
    asks=("explainer",),
    paper="Alvarez-Melis & Jaakkola 2018, arXiv:1806.08049",
    effort=lambda options: Effort(explanations=options["samples"]),
    lines=(Line("local Lipschitz", "lower", "Largest change of the map by change of the image, in their own units."),),
    traps=(
        "It is in the map's unit: twice the map scores twice as much, so methods cannot be compared by it.",
        "It grows with the number of samples: never compare unequal `samples`.",
    ),
)
def local_lipschitz(trial: Trial, *, samples: int = 16, radius: float = 0.02) -> Scores:
    """max of ||map' - map|| / ||image' - image|| over uniform noise of at most `radius`."""
    images = neighbours(trial, samples, radius)
    moves, steps = distances(trial.maps(images), trial.varied), distances(images, trial.image)
    return {"local Lipschitz": Score(float((moves / steps).max()))}
