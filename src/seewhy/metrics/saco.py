"""SaCo: whether groups of pixels with larger values cost the score more, weighted by how much larger they are."""

from __future__ import annotations

import torch

from ..domain.baseline import Mean
from ..domain.cost import Cost
from ..domain.ranges import whole
from ..domain.regions import Given
from ..domain.score import Effort, Line, Score, Scores, Unjudged
from ..engine.trial import Trial
from ..metric_registry import metric


@metric(
    "saco",
    family="agreement",
    card="extended",
    paper="Wu et al. 2024, arXiv:2404.01415",
    effort=lambda options: Effort(Cost(options["groups"])),
    lines=(Line("SaCo", "higher", "Weighted agreement of the order of pixel groups with that of their effects.", 0.0),),
    traps=(
        "Depends on the scale of the map: squaring or clipping it changes the score.",
        "Groups of equal effect count for the map, as published; without any effect at all there is no score.",
    ),
)
def saco(trial: Trial, *, groups: int = 10) -> Scores:
    """Pairs of equally large groups in the order of the map; absent is the image's mean colour."""
    whole("groups", groups, least=2)
    asked = trial.on("probability")
    labels = asked.ranks * groups // asked.ranks.numel()
    game = asked.game(Given(labels), Mean())
    effects, sums = game.whole() - game.without_each(), game.regions.sums(asked.map.double())
    if bool((effects == effects[0]).all()):
        raise Unjudged("no group of pixels has an effect of its own")
    first, second = torch.triu_indices(len(sums), len(sums), offset=1)
    larger = sums[first] - sums[second]
    agrees = torch.where(effects[first] >= effects[second], 1.0, -1.0).double()
    return {"SaCo": Score(float(agrees @ larger / larger.abs().sum()))}
