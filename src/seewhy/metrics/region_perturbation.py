"""Region perturbation: the mean loss of score over the first regions that turn into noise (AOPC)."""

from __future__ import annotations

import torch

from ..domain.baseline import Noise
from ..domain.cost import Cost
from ..domain.ranges import whole
from ..domain.regions import Patches
from ..domain.score import Effort, Line, Score, Scores
from ..engine.trial import Trial, ranks_of
from ..metric_registry import metric


@metric(
    "region-perturbation",
    family="removal",
    card="extended",
    at_most=True,
    paper="Samek et al. 2017, arXiv:1509.06321",
    effort=lambda options: Effort(Cost(options["steps"] * options["draws"])),
    lines=(Line("AOPC", "higher", "Mean loss of probability over the first regions, the most relevant first."),),
    traps=(
        "Compare it with a random order on the same model only: models lose at different speeds.",
        "Published fills are uniform noise; a black fill, as in other code, gives other numbers.",
    ),
)
def region_perturbation(trial: Trial, *, window: int = 9, steps: int = 100, draws: int = 1) -> Scores:
    """Regions about as wide as the window, in the order of their mean value; all of them if there are fewer steps."""
    for name, number in (("window", window), ("steps", steps), ("draws", draws)):
        whole(name, number)
    asked = trial.on("probability")
    game = asked.game(Patches(window), Noise(draws, asked.seed))
    means = game.regions.sums(asked.varied) / game.regions.sums(torch.ones_like(asked.map))
    ranks, removed = ranks_of(means, asked.seed), torch.arange(1, min(steps, game.players) + 1, device=means.device)
    losses = game.whole() - game.values(ranks >= removed[:, None])
    return {"AOPC": Score(float(losses.double().sum() / (len(losses) + 1)))}
