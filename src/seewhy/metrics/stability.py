"""Stability: how much the map moves when the image changes by less than anyone sees."""

from __future__ import annotations

from ..domain.cost import Cost
from ..domain.score import Effort, Line, Score, Scores
from ..engine.neighbours import moved, neighbours, predicted_alike
from ..engine.trial import Trial
from ..metric_registry import metric

RADII = (2, 8)  # in levels of 255


@metric(
    "stability",
    family="stability",
    card="standard",
    asks=("explainer",),
    paper="Yeh et al. 2019, arXiv:1901.09392 (the mean instead of the maximum)",
    effort=lambda options: Effort(Cost(len(RADII) * options["samples"]), len(RADII) * options["samples"]),
    lines=(
        Line("sensitivity, 2/255", "lower", "Mean relative change of the map under noise of up to 2 levels of 255."),
        Line("sensitivity, 8/255", "lower", "The same with 8 levels."),
        Line("flips, 2/255", "neither", "Share of such images that the model calls by another class: left out above."),
        Line("flips, 8/255", "neither", "The same with 8 levels."),
    ),
    traps=(
        "A map that never changes is perfectly stable, and useless.",
        "Where the model itself is unsteady, a faithful map has to be.",
        "A function that draws its noise anew for each image of a batch is charged for that too.",
    ),
)
def stability(trial: Trial, *, samples: int = 16) -> Scores:
    """Mean of ||map' - map|| / ||map|| over uniform noise in [0,1], where the prediction stays the same."""
    found = {level: _at(trial, samples, level / 255) for level in RADII}
    return {
        **{f"sensitivity, {level}/255": moves for level, (moves, _) in found.items()},
        **{f"flips, {level}/255": flips for level, (_, flips) in found.items()},
    }


def _at(trial: Trial, samples: int, radius: float) -> tuple[Score, Score]:
    images = neighbours(trial, samples, radius)
    if trial.target.kind == "values":
        same, flips = images, Score.missing("the model answers values, so no prediction can flip")
    else:
        alike = predicted_alike(trial, trial.probe.outputs(images))
        same, flips = images[alike], Score.share(int((~alike).sum()), samples)
    if not len(same):
        return Score.missing("every change of the image flipped the prediction"), flips
    return Score.mean(moved(trial, trial.maps(same)).tolist()), flips
