"""Average drop, increase and gain of confidence when only the strongest part of a map lights the image."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from ..domain.baseline import Colour
from ..domain.cost import Cost
from ..domain.score import Effort, Line, Score, Scores, Unjudged
from ..engine.trial import Trial
from ..metric_registry import metric

PERCENT = (100, 50, 15)
CERTAIN = "the model is certain of the whole image, so that nothing can be gained"


@metric(
    "average-drop",
    family="removal",
    card="extended",
    at_most=True,
    paper="Chattopadhay et al. 2018, arXiv:1710.11063 (AD, IC); Zhang et al. 2024, arXiv:2301.07002 (AG)",
    effort=lambda options: Effort(Cost(len(PERCENT))),
    lines=(
        *(Line(f"average drop {n}", "lower", f"Share of the probability lost with the top {n} %.") for n in PERCENT),
        *(Line(f"increase {n}", "higher", f"Whether the top {n} % raise it.", None, True) for n in PERCENT),
        *(Line(f"average gain {n}", "higher", f"Share of the doubt resolved with the top {n} %.") for n in PERCENT),
    ),
    traps=(
        "A map that lights everything loses nothing: read it beside the size of what is lit.",
        "Papers multiply the image in [0,1] (fill black) or the normalised one (fill colour): never compare across.",
        "pytorch-grad-cam's DropInConfidence is the absolute drop, not divided by the probability.",
        "Some answers divide by the number of images that drop: the mean is over all of them.",
        "Published in per cent, for the model's own top class.",
    ),
)  # fmt: skip
def average_drop(trial: Trial, *, fill: Literal["black", "colour"] = "black") -> Scores:
    """The map, from 0 to 1 and 0 below its top 100, 50 or 15 % of values, times the image."""
    asked = trial.on("probability")
    game = asked.whole(Colour(0.0) if fill == "black" else asked.fill)
    before, after = float(game.whole()), game.under(_lit(asked.varied)).tolist()
    if before <= 0:
        raise Unjudged("the class has no probability that could be lost")
    pairs = dict(zip(PERCENT, after, strict=True))
    return {
        **{f"average drop {n}": Score(max(0.0, before - left) / before) for n, left in pairs.items()},
        **{f"increase {n}": Score(float(left > before)) for n, left in pairs.items()},
        **{f"average gain {n}": _gain(before, left) for n, left in pairs.items()},
    }


def _lit(values: Float[Tensor, "*space"]) -> Float[Tensor, "n *space"]:
    """Soft masks; the quantile is of this map alone."""
    light = (values - values.min()) / (values.max() - values.min())
    cuts = torch.quantile(light.flatten(), light.new_tensor([1 - n / 100 for n in PERCENT]))
    return torch.stack([light.where(light >= cut, light.new_zeros(())) for cut in cuts])


def _gain(before: float, left: float) -> Score:
    return Score(max(0.0, left - before) / (1 - before)) if before < 1 else Score.missing(CERTAIN)
