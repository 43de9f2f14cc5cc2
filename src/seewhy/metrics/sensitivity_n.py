"""Sensitivity-n: whether sums of values go with what the score loses without random sets of n regions, for each n."""

from __future__ import annotations

import math

from ..domain.cost import Cost
from ..domain.ranges import whole
from ..domain.regions import Grid
from ..domain.score import Effort, Line, Score, Scores
from ..domain.shapes import Coalitions
from ..engine.agreement import jackknifed, linear
from ..engine.chance import Chance
from ..engine.trial import Trial
from ..metric_registry import metric

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)  # of the cells that are absent


@metric(
    "sensitivity-n",
    family="agreement",
    card="extended",
    at_most=True,
    paper="Ancona et al. 2018, arXiv:1711.06104 (on a grid)",
    effort=lambda options: Effort(Cost(len(SHARES) * options["samples"])),
    lines=(
        Line("sensitivity-n", "higher", "Correlation of sums with losses for sets of one size, mean over sizes.", 0.0),
        Line("sensitivity-n, lowest", "neither", "The same for the size where it is lowest."),
    ),
    traps=("No map of a model that is not linear gets 1 for all sizes: the ceiling is not known.",),
)
def sensitivity_n(trial: Trial, *, cells: int = 7, samples: int = 100) -> Scores:
    """Linear correlation over random sets of 10 to 80 % of a grid's cells, one size at a time, on the logit."""
    whole("samples", samples, least=3)
    asked = trial.on("logit")
    game, chance = asked.game(Grid(cells)), asked.chance
    values = game.regions.sums(asked.varied.double())
    found = []
    for share in SHARES:
        absent = _sets(max(1, round(share * game.players)), samples, game.players, chance)
        found.append(jackknifed(linear, absent.double() @ values, game.whole() - game.values(~absent), 1))
    lowest = Score(min(one.value for one in found), math.nan)  # the least of many draws is off by no known amount
    return {"sensitivity-n": Score.average(found), "sensitivity-n, lowest": lowest}


def _sets(size: int, count: int, players: int, chance: Chance) -> Coalitions:
    return chance.uniform(count, players).argsort(dim=1).argsort(dim=1) < size
