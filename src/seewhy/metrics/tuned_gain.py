"""The symmetric gain on a copy of the model that knows images with holes."""

from __future__ import annotations

from ..domain.baseline import Blur
from ..domain.cost import Cost
from ..domain.linear import Linear
from ..domain.score import Effort, Line, Score, Scores
from ..engine.removal import removal
from ..engine.trial import Trial
from ..metric_registry import metric

FILLS = 3


@metric(
    "tuned-gain",
    family="removal",
    card="standard",
    asks=("tuned",),
    blind_scale=True,
    paper="Zheng et al. 2024, arXiv:2410.02970 (F-Fidelity: judging by a copy fine-tuned on masked inputs)",
    effort=lambda options: Effort(Cost(1 + FILLS * (2 * options["steps"] - 1))),
    lines=(
        Line("tuned gain", "higher", "The gain on a copy that knows images with holes; smallest fill.", 0.0),
        Line("tuned gain, fills", "lower", "How far the largest and the smallest gain of the fills are apart."),
    ),
    traps=("It judges a copy: read it together with how often copy and model agree.",),
)  # fmt: skip
def tuned_gain(trial: Trial, *, steps: int = 28) -> Scores:
    """The same curves as the symmetric gain, asked of the tuned copy."""
    asked = trial.asked_of_the_copy().on("probability")
    gains = [removal(asked.whole(fill), asked.ranks, steps).gain for fill in (asked.fill, Blur(), Linear())]
    return {"tuned gain": Score(min(gains)), "tuned gain, fills": Score(max(gains) - min(gains))}
