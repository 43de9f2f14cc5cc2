"""Deletion as RISE published it: the probability while the most relevant pixels turn into the mean colour."""

from __future__ import annotations

from ..domain.cost import Cost
from ..domain.score import Effort, Line, Score, Scores
from ..engine.removal import area, vanishing
from ..engine.trial import Trial
from ..metric_registry import metric


@metric(
    "rise-deletion",
    family="removal",
    card="extended",
    blind_scale=True,
    paper="Petsiuk et al. 2018, arXiv:1806.07421",
    effort=lambda options: Effort(Cost(options["steps"])),
    lines=(Line("RISE deletion", "lower", "Area under the probability while the most relevant pixels go."),),
    traps=(
        "Rewards scattered maps, and another fill can turn the order of methods around: symmetric gain does not.",
        "28 steps of an image of 224 px are the 1,792 pixels of the authors' table, 224 those of their example.",
        "Published for the model's own top class; equal values were ordered by where they lie, here by seeded chance.",
    ),
)
def rise_deletion(trial: Trial, *, steps: int = 28) -> Scores:
    """Area under the curve, by trapezoids; the mean colour is zero after normalisation."""
    asked = trial.on("probability")
    scores = vanishing(asked.whole(asked.fill), asked.ranks, steps)
    return {"RISE deletion": Score(area(scores))}
