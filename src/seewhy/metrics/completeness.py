"""Completeness: how far the values are from summing to what they promise to explain."""

from __future__ import annotations

from ..domain.score import Line, Score, Scores, Unjudged
from ..engine.trial import Trial
from ..metric_registry import metric

ROUNDING = 1e-6  # of all values taken together: a smaller difference is lost in their sum


@metric(
    "completeness",
    family="axiom",
    card="quick",
    reads_map=False,
    asks=("promise",),
    paper="Sundararajan et al. 2017, arXiv:1703.01365",
    lines=(Line("completeness gap", "lower", "Share by which the values miss the difference of scores."),),
    traps=("Values can sum to the right number in all the wrong places.",),
)
def completeness(trial: Trial) -> Scores:
    """|sum - (score of the image - score of its baseline)| / |the latter|, as the method itself counted both."""
    evidence = trial.evidence
    if evidence is None or evidence.total is None or evidence.explained is None:
        raise Unjudged("the method does not promise that its values sum to anything")
    total, explained = float(evidence.total[0]), float(evidence.explained[0])
    if abs(explained) <= ROUNDING * float(evidence.values[0].abs().sum()):
        raise Unjudged("the image scores the same as its baseline, so there is nothing to sum to")
    return {"completeness gap": Score(abs(total - explained) / abs(explained))}
