"""Gain in time: how much longer the score lasts when the frames that matter least go first."""

from __future__ import annotations

from ..domain.baseline import Baseline, Blur
from ..domain.cost import Cost
from ..domain.ranges import whole
from ..domain.score import Effort, Line, Score, Scores
from ..domain.time_fills import Frozen, Interpolated
from ..engine.removal import removal_of_frames
from ..engine.trial import Trial, ranks_of
from ..metric_registry import metric

FILLS: dict[str, Baseline] = {"frozen": Frozen(), "interpolated": Interpolated(), "blur": Blur()}


@metric(
    "gain-in-time",
    family="removal",
    card="quick",
    brief={"fills": 1},
    asks=("clip",),
    blind_scale=True,
    paper="Petsiuk et al. 2018, arXiv:1806.07421, over whole frames; Price & Damen 2020 (absent frames)",
    effort=lambda options: Effort(Cost(2 * options["fills"] * options["steps"])),
    at_most=True,
    lines=(
        Line(
            "gain in time", "higher", "Area between removing the least and the most relevant first, smallest fill.", 0.0
        ),
        Line("gain in time, frozen", "higher", "The same where an absent frame shows the nearest one.", 0.0),
        Line("gain in time, interpolated", "higher", "The same where it fades from the one before to the next.", 0.0),
        Line("gain in time, blur", "higher", "The same where it is blurred.", 0.0),
    ),
    traps=(
        "Which fill is right depends on the model: the smallest gain is the headline, and the fills are beside it.",
        "A map whose cells cover several frames cannot tell these apart.",
    ),
)
def gain_in_time(trial: Trial, *, steps: int = 28, fills: int = 3) -> Scores:
    """Whole frames vanish in the order of the map's mean in each, on the probability of the target."""
    whole("fills", fills, most=len(FILLS))
    ranks, asked = ranks_of(trial.in_time, trial.seed), trial.on("probability")
    some = list(FILLS.items())[:fills]
    gains = {name: removal_of_frames(asked.probe, ranks, steps, fill).gain for name, fill in some}
    return {
        "gain in time": Score(min(gains.values())),
        **{
            f"gain in time, {name}": Score(gains[name]) if name in gains else Score.missing("not asked about")
            for name in FILLS
        },
    }
