"""Relevance rank accuracy: how many of the strongest places lie in the mask."""

from __future__ import annotations

from ..domain.score import Line, Score, Scores
from ..engine.inside import strongest_inside
from ..engine.trial import Trial
from ..metric_registry import metric


@metric(
    "relevance-rank",
    family="place",
    card="standard",
    asks=("truth",),
    blind_scale=True,
    paper="Arras et al. 2022, arXiv:2003.07258",
    lines=(Line("relevance rank", "higher", "Of as many strongest pixels as the mask has, the share inside it."),),
    traps=("A map that knows nothing gets the mask's share of the image: a large object is found easily.",),
)
def relevance_rank(trial: Trial) -> Scores:
    """Share of the strongest pixels, as many as the mask has, inside it; among equal ones on average."""
    return {"relevance rank": Score(strongest_inside(trial.varied, trial.inside))}
