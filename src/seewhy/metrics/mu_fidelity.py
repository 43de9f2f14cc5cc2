"""Mu-fidelity: whether sums of values go with what the score loses without random halves of the image."""

from __future__ import annotations

import torch

from ..domain.cost import Cost
from ..domain.ranges import whole
from ..domain.regions import Grid
from ..domain.score import Effort, Line, Scores
from ..domain.shapes import Coalitions
from ..engine.agreement import jackknifed, linear, ordinal
from ..engine.chance import Chance
from ..engine.trial import Trial
from ..metric_registry import metric

PAIR = 2  # a subset and its complement are one independent unit


@metric(
    "mu-fidelity",
    family="agreement",
    card="standard",
    paper="Bhatt et al. 2020, arXiv:2005.00631 (on a grid, in pairs)",
    effort=lambda options: Effort(Cost(options["samples"])),
    lines=(
        Line("mu-fidelity", "higher", "Correlation of summed values with what random subsets cost the score.", 0.0),
        Line("mu-fidelity, ranks", "higher", "The same as a rank correlation.", 0.0),
    ),
    traps=("The fill is part of the question: another one can turn the order of methods around.",),
)
def mu_fidelity(trial: Trial, *, cells: int = 7, samples: int = 128) -> Scores:
    """Correlation over random halves of a grid's cells and the other halves, on the logit."""
    whole("samples", samples, least=2 * PAIR)  # the error is that of leaving a pair out
    asked = trial.on("logit")
    game = asked.game(Grid(cells))
    absent = _halves(samples // PAIR, game.players, asked.chance)
    sums = absent.double() @ game.regions.sums(asked.varied.double())
    drops = game.whole() - game.values(~absent)
    return {
        "mu-fidelity": jackknifed(linear, sums, drops, PAIR),
        "mu-fidelity, ranks": jackknifed(ordinal, sums, drops, PAIR),
    }


def _halves(pairs: int, players: int, chance: Chance) -> Coalitions:
    """Random halves of the players, each followed by the other half; of an odd number one stays out of both.

    All of one size: otherwise any positive map would go with how much is missing.
    """
    places = chance.uniform(pairs, players).argsort(dim=1).argsort(dim=1)
    half = players // 2
    return torch.stack([places < half, (places >= half) & (places < 2 * half)], dim=1).flatten(0, 1)
