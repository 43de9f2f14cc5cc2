"""ROAD: how long the prediction lasts while pixels give way to what their neighbours suggest, in the order of a map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor

from ..domain.cost import Cost
from ..domain.linear import Linear
from ..domain.ranges import whole
from ..domain.score import Effort, Line, Score, Scores, Unjudged
from ..domain.target import Target
from ..engine.removal import removal
from ..engine.trial import Trial
from ..metric_registry import metric


def effort(options: Mapping[str, Any]) -> Effort:
    """Two curves and the empty image."""
    return Effort(Cost(2 * options["steps"] - 1))


@metric(
    "road",
    family="removal",
    card="extended",
    blind_scale=True,
    paper="Rong et al. 2022, arXiv:2202.00449",
    effort=effort,
    lines=(
        Line(
            "road", "higher", "Half of what the probability keeps without the least rather than the most relevant.", 0.0
        ),
        Line("accuracy, most", "lower", "How often the target stays the prediction without the most relevant (MoRF)."),
        Line(
            "accuracy, least", "higher", "How often the target stays the prediction without the least relevant (LeRF)."
        ),
    ),
    traps=(
        "Blurred maps score well, whatever they show: look at the controls first.",
        "Accuracy against the label is this only where the target is the label, not the model's own prediction.",
    ),
)
def road(trial: Trial, *, steps: int = 10) -> Scores:
    """Means over the shares 1 / steps, 2 / steps ... of the pixels, without none and all of them."""
    whole("steps", steps, least=2)
    target = trial.on("probability").target
    if target.index is None or target.scale != "probability":
        raise Unjudged("the target is no class")

    index = target.index

    def first(outputs: Tensor) -> Tensor:
        return outputs.argmax(dim=1).eq(index).to(outputs.dtype)

    def curves(of: Target) -> tuple[float, float]:
        probe = trial.probe.against([of], trial.probe.reading)
        curve = removal(replace(trial, probe=probe).whole(Linear(seed=trial.seed)), trial.ranks, steps)
        return float(curve.most[1:-1].mean()), float(curve.least[1:-1].mean())

    (most, least), (wrong, right) = curves(target), curves(replace(target, function=first))
    return {"road": Score((least - most) / 2), "accuracy, most": Score(wrong), "accuracy, least": Score(right)}
