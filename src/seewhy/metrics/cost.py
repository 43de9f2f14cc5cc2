"""What a map cost."""

from __future__ import annotations

from ..domain.score import Line, Score, Scores, Unjudged
from ..engine.trial import Trial
from ..metric_registry import metric

UNMETERED = "the model was asked behind seewhy's back, so nobody counted"


@metric(
    "cost",
    family="cost",
    card="quick",
    reads_map=False,
    asks=("explainer",),
    paper="none: a plain count",
    lines=(
        Line("model calls", "lower", "Images pushed forward or backward through the model for one map."),
        Line("forward passes", "lower", "Images pushed forward."),
        Line("backward passes", "lower", "Images pushed backward."),
        Line("seconds", "lower", "How long one map took on this machine."),
    ),
    traps=("Seconds are those of this machine at that moment, and shared passes are counted for each that used them.",),
)
def spent(trial: Trial) -> Scores:
    """Model calls and seconds of making the map."""
    if trial.again is None:
        raise Unjudged("the maps were given ready-made")
    cost = trial.cost
    counts = {"model calls": cost.calls, "forward passes": cost.forward, "backward passes": cost.backward}
    known = {name: Score(count) if cost.calls else Score.missing(UNMETERED) for name, count in counts.items()}
    return {**known, "seconds": Score(trial.seconds)}
