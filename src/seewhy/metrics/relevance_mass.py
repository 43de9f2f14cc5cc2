"""Relevance mass accuracy: how much of all values, of either sign, lies in the mask."""

from __future__ import annotations

from ..domain.score import Line, Score, Scores
from ..engine.trial import Trial
from ..metric_registry import metric


@metric(
    "relevance-mass",
    family="place",
    card="standard",
    asks=("truth",),
    paper="Arras et al. 2022, arXiv:2003.07258",
    lines=(Line("relevance mass", "higher", "Share of the absolute values inside the mask."),),
    traps=(
        "Values are taken without their signs: with these, shares below 0 and above 1 come out.",
        "A map that knows nothing gets the mask's share of the image: energy pointing divides by it.",
    ),
)
def relevance_mass(trial: Trial) -> Scores:
    """Share of the absolute values inside the mask."""
    sizes = trial.varied.abs().double()
    return {"relevance mass": Score(float(sizes[trial.inside].sum() / sizes.sum()))}
