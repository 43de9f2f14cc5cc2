"""Still and shuffled: whether the map is that of a clip that stands still, and whether it follows frames that move."""

from __future__ import annotations

import torch
from torch import Tensor

from ..domain.edits import orders, shuffled, still
from ..domain.ranges import whole
from ..domain.score import Effort, Line, Score, Scores, Unjudged
from ..engine.agreement import pearson
from ..engine.trial import Trial
from ..metric_registry import metric


@metric(
    "still-and-shuffled",
    family="stability",
    card="full",
    asks=("explainer", "clip"),
    paper="Adebayo et al. 2018, arXiv:1810.03292 (controls by what the input no longer holds)",
    effort=lambda options: Effort(explanations=2),
    lines=(
        Line("still agreement", "neither", "Correlation with the map of the middle frame, shown all the time."),
        Line("shuffle agreement", "neither", "Correlation with the map of the shuffled clip, put back in order."),
    ),
    traps=(
        "A model that needs no motion may rightly have the same map of a still clip: read it beside the motion table.",
        "Shuffling makes jumps that a model can react to.",
    ),
)
def still_and_shuffled(trial: Trial, *, segments: int = 4) -> Scores:
    """Maps of the frozen and of the shuffled clip, asked of whoever made this one."""
    whole("segments", segments, least=2)
    clip, values = trial.clip, trial.varied
    if clip.shape[1] < 2:
        raise Unjudged("one frame cannot be shuffled")
    (order,) = orders(min(segments, clip.shape[1]), 1, trial.seed)
    numbers = torch.arange(float(clip.shape[1]), device=clip.device)[None, :, None, None]
    back = shuffled(numbers, order).flatten().argsort()
    frozen, mixed = trial.maps(torch.stack([still(clip, clip.shape[1] // 2), shuffled(clip, order)]))
    return {"still agreement": _alike(values, frozen), "shuffle agreement": _alike(values, mixed[back])}


def _alike(one: Tensor, other: Tensor) -> Score:
    """The linear correlation; of a map that is the same everywhere there is none."""
    try:
        return Score(pearson(one, other))
    except Unjudged as reason:
        return Score.missing(str(reason))
