"""Energy pointing: how much of what speaks for the target lies in the mask, by how large the mask is."""

from __future__ import annotations

from ..domain.score import Line, Score, Scores, Unjudged
from ..engine.trial import Trial
from ..metric_registry import metric


@metric(
    "energy-pointing",
    family="place",
    card="standard",
    asks=("truth",),
    paper="Wang et al. 2020, arXiv:1910.01279 (divided by the area)",
    lines=(
        Line("energy pointing", "higher", "Density of positive values inside the mask, by that of the whole.", 1.0),
        Line("energy pointing, raw", "higher", "Share of the positive values inside the mask."),
    ),
    traps=("The raw share grows with the object: compare it within one set of images only.",),
)
def energy_pointing(trial: Trial) -> Scores:
    """Share of the positive values inside, divided by the share of the area: 1 where a map knows nothing."""
    positive, inside = trial.varied.clamp(min=0).double(), trial.inside
    if not bool(positive.any()):
        raise Unjudged("nothing in the map speaks for the target")
    share = float(positive[inside].sum() / positive.sum())
    return {
        "energy pointing": Score(share / float(inside.double().mean())),
        "energy pointing, raw": Score(share),
    }
