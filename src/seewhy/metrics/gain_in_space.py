"""Gain in space: how much longer the score lasts when places that matter least go first, from all frames at once."""

from __future__ import annotations

from ..domain.baseline import Baseline, Blur
from ..domain.cost import Cost
from ..domain.linear import Linear
from ..domain.ranges import whole
from ..domain.score import Effort, Line, Score, Scores
from ..engine.removal import removal
from ..engine.trial import Trial, ranks_of
from ..metric_registry import metric


@metric(
    "gain-in-space",
    family="removal",
    card="quick",
    brief={"fills": 1},
    asks=("clip",),
    blind_scale=True,
    paper="Petsiuk et al. 2018, arXiv:1806.07421, over places through the whole time",
    effort=lambda options: Effort(Cost(options["fills"] * (2 * options["steps"] - 1))),
    lines=(
        Line(
            "gain in space",
            "higher",
            "Area between removing the least and the most relevant first; smallest fill.",
            0.0,
        ),
        Line("gain in space, colour", "higher", "The same where absent is the mean colour of the data.", 0.0),
        Line("gain in space, blur", "higher", "The same where absent is blurred.", 0.0),
        Line("gain in space, linear", "higher", "The same where absent is what its neighbours suggest.", 0.0),
    ),
    traps=("What moves leaves a trail in the mean over time: a map that follows it can gain less here than jointly.",),
)
def gain_in_space(trial: Trial, *, steps: int = 28, fills: int = 3) -> Scores:
    """Places vanish from all frames in the order of the map's mean there, on the probability of the target."""
    ranks, asked = ranks_of(trial.in_space, trial.seed)[None], trial.on("probability")
    kinds: dict[str, Baseline] = {"colour": asked.fill, "blur": Blur(), "linear": Linear()}
    whole("fills", fills, most=len(kinds))
    gains = {name: removal(asked.whole(fill), ranks, steps).gain for name, fill in list(kinds.items())[:fills]}
    return {
        "gain in space": Score(min(gains.values())),
        **{
            f"gain in space, {name}": Score(gains[name]) if name in gains else Score.missing("not asked about")
            for name in kinds
        },
    }
