"""Sparseness: on how few places a map puts its values, and how many of these speak for the target."""

from __future__ import annotations

from ..domain.score import Line, Score, Scores
from ..engine.trial import Trial
from ..metric_registry import metric


@metric(
    "sparseness",
    family="shape",
    card="quick",
    paper="Chalasani et al. 2020, arXiv:1810.06583 (Gini index)",
    lines=(
        Line("sparseness", "neither", "Gini index of absolute values: 0 spread evenly, near 1 on a few pixels."),
        Line("positive share", "neither", "Share of the absolute values that speaks for the target."),
        Line("area of half", "neither", "Share of the image that holds half of the absolute values."),
    ),
    traps=("Describes a map and does not judge it: the model may use a point or the whole image.",),
)
def sparseness(trial: Trial) -> Scores:
    """Gini index of the absolute values, the positive share of them, and the area that holds half of them."""
    values = trial.varied.flatten().double()
    sizes = values.abs().sort(descending=True).values
    sums, count = sizes.cumsum(0), len(sizes)
    total = sums[-1]
    half = int((sums < total / 2 * (1 - 1e-12)).sum()) + 1
    return {
        "sparseness": Score(float((2 * sums.sum() / total - count - 1) / count)),
        "positive share": Score(float(values.clamp(min=0).sum() / total)),
        "area of half": Score(half / count),
    }
