"""Temporal pointing: whether the map is strongest in a frame that holds the reason."""

from __future__ import annotations

from ..domain.score import Line, Score, Scores, Unjudged
from ..engine.trial import Trial
from ..metric_registry import metric


@metric(
    "temporal-pointing",
    family="place",
    card="standard",
    asks=("truth", "clip"),
    blind_scale=True,
    paper="Zhang et al. 2016, arXiv:1608.00507, along the time axis",
    lines=(
        Line("temporal pointing", "higher", "Whether the strongest frame is one in which something is marked."),
        Line("marked frames", "neither", "Share of the frames in which something is marked: what a guess gets."),
    ),
    traps=("Where most frames are marked a hit says little: read it beside the share of marked frames.",),
)
def temporal_pointing(trial: Trial) -> Scores:
    """A hit of the frame with the largest mean; of several the share that hits."""
    strength, marked = trial.in_time, trial.inside.flatten(1).any(dim=1)
    if bool(marked.all()):
        raise Unjudged("something is marked in every frame")
    peak = strength == strength.max()
    return {
        "temporal pointing": Score(float(marked[peak].double().mean())),
        "marked frames": Score(float(marked.double().mean())),
    }
