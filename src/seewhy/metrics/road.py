"""ROAD: whether the model still names the class while pixels are replaced by what their neighbours suggest."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from ..domain.cost import Cost
from ..domain.linear import Linear
from ..domain.ranges import whole
from ..domain.score import Effort, Line, Score, Scores, Unjudged
from ..domain.shapes import Outputs
from ..domain.target import OWN_SCALE, Target
from ..engine.removal import without_first
from ..engine.trial import Trial
from ..metric_registry import metric


@metric(
    "road",
    family="removal",
    card="extended",
    blind_scale=True,
    at_most=True,
    paper="Rong et al. 2022, arXiv:2202.00449",
    effort=lambda options: Effort(Cost(2 * (options["steps"] - 1))),
    lines=(
        Line("ROAD", "higher", "Half of how much more often the class survives the least relevant pixels' loss.", 0.0),
        Line("ROAD, most first", "lower", "How often the class is still named without the most relevant pixels."),
        Line("ROAD, least first", "higher", "How often the class is still named without the least relevant pixels."),
        Line("ROAD, probability", "higher", "The first line with probabilities in place of yes and no.", 0.0),
    ),
    traps=(
        "Prefers blurred maps: the shape of what was removed still tells the class, though less than with one colour.",
        "Papers average the named class over images at each share; pytorch-grad-cam averages changes of the score.",
        "Published for shares of 10 to 90 %, or 1 to 99 %: the mean moves with the shares (option steps).",
    ),
)
def road(trial: Trial, *, steps: int = 10, noise: float = 0.01) -> Scores:
    """Accuracy at equal shares of removed pixels between none and all, with noisy linear imputation."""
    whole("steps", steps, least=2)
    pixels, fill = trial.ranks.numel(), Linear(noise, trial.seed)
    counts = [round(pixels * i / steps) for i in range(1, steps)]
    most, least = _means(_decided(trial), fill, counts)
    most_chance, least_chance = _means(trial.on("probability"), fill, counts)
    return {
        "ROAD": Score((least - most) / 2),
        "ROAD, most first": Score(most),
        "ROAD, least first": Score(least),
        "ROAD, probability": Score((least_chance - most_chance) / 2),
    }


def _decided(trial: Trial) -> Trial:
    """The same asked whether the class is the strongest: 1 or 0."""
    index, target = trial.target.index, trial.target
    if index is None or target.against is not None or target.kind in OWN_SCALE or trial.probe.clean.shape[1] == 1:
        raise Unjudged("the target is no class among others")

    def strongest(outputs: Outputs) -> Tensor:
        return (outputs.argmax(dim=1) == index).float()

    decided = Target(None, f"{target.label} is named", function=strongest)
    return replace(trial, probe=trial.probe.against([decided], trial.probe.reading))


def _means(asked: Trial, fill: Linear, counts: list[int]) -> tuple[float, float]:
    """Of both orders: the most and the least relevant removed first."""
    game, last = asked.whole(fill), asked.ranks.numel() - 1
    most, least = (without_first(game, ranks, counts) for ranks in (asked.ranks, last - asked.ranks))
    return float(most.double().mean()), float(least.double().mean())
