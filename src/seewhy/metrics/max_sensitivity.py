"""Max-sensitivity: the most that the map moved among a few images close by."""

from __future__ import annotations

from ..domain.score import Effort, Line, Score, Scores
from ..engine.neighbours import moved, neighbours
from ..engine.trial import Trial
from ..metric_registry import metric


@metric(
    "max-sensitivity",
    family="stability",
    card="extended",
    asks=("explainer",),
    paper="Yeh et al. 2019, arXiv:1901.09392",
    effort=lambda options: Effort(explanations=options["samples"]),
    lines=(Line("max-sensitivity", "lower", "Largest relative change of the map among the images drawn."),),
    traps=(
        "It grows with the number of samples and estimates nothing fixed: never compare unequal `samples`.",
        "Published in units of the normalised image; here the radius counts in [0,1].",
        "A map that never changes scores best.",
    ),
)
def max_sensitivity(trial: Trial, *, samples: int = 16, radius: float = 0.02) -> Scores:
    """max of ||map' - map|| / ||map|| over uniform noise of at most `radius`."""
    return {"max-sensitivity": Score(float(moved(trial, trial.maps(neighbours(trial, samples, radius))).max()))}
