"""Overlap: intersection over union of the map's strongest places and the mask."""

from __future__ import annotations

from ..domain.score import Line, Score, Scores
from ..engine.inside import overlaps, strongest_inside
from ..engine.trial import Trial
from ..metric_registry import metric


@metric(
    "overlap",
    family="place",
    card="standard",
    asks=("truth",),
    blind_scale=True,
    paper="Zhou et al. 2016, arXiv:1512.04150 (localisation by thresholds)",
    lines=(
        Line("overlap", "higher", "Intersection over union of the mask and as many strongest pixels as it has."),
        Line("overlap, best threshold", "higher", "The same at the best of all thresholds, found with the mask."),
    ),
    traps=("The best threshold knows the answer: its overlap is what a map could reach, never below the mask's area.",),
)
def overlap(trial: Trial) -> Scores:
    """Overlap at the mask's own area, and at the best threshold of this image."""
    held = strongest_inside(trial.varied, trial.inside)
    return {
        "overlap": Score(held / (2 - held)),
        "overlap, best threshold": Score(float(overlaps(trial.varied, trial.inside).max())),
    }
