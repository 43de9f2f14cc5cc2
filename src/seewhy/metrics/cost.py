"""What a map cost."""

from __future__ import annotations

import math

from ..domain.score import Line, Score, Scores, Unjudged
from ..engine.trial import Trial
from ..metric_registry import metric

UNMETERED = "the model was asked behind seewhy's back, so nobody counted"
UNSEEN = "memory is counted on accelerators only"


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
        Line("memory", "lower", "Most memory that one map took on the accelerator, in MiB above the model's own."),
    ),
    traps=("Seconds are those of this machine at that moment, and what methods share is counted for each of them.",),
)
def spent(trial: Trial) -> Scores:
    """Model calls, seconds and memory of making the map."""
    if trial.again is None:
        raise Unjudged("the maps were given ready-made")
    cost = trial.cost
    counts = {"model calls": cost.calls, "forward passes": cost.forward, "backward passes": cost.backward}
    known = {name: Score(count) if cost.calls else Score.missing(UNMETERED) for name, count in counts.items()}
    memory = Score.missing(UNSEEN) if math.isnan(trial.memory) else Score(trial.memory / 2**20)
    return {**known, "seconds": Score(trial.seconds), "memory": memory}
