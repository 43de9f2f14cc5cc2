"""Region ablation: the drop of the score when one region of the image is taken away."""

from __future__ import annotations

from ..domain.baseline import Baseline, Mean
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence, PartScores
from ..domain.regions import RegionSpec, Superpixels
from ..engine.game import Game
from ..engine.probe import Probe
from ..registry import method


@method(
    "region-ablation",
    family="perturbation",
    needs=Capability.SCORES,
    paper="Zeiler & Fergus 2014, arXiv:1311.2901; Ribeiro et al. 2016, arXiv:1602.04938 (regions)",
    cost=lambda ask: Cost(1 + ask.fills * (1 + ask.parts)),
    shows="How much the score drops without each region.",
    traps=(
        "Two regions of which one suffices hide each other: taking away either changes nothing.",
        "Other regions, or another fill, give another answer.",
    ),
    axioms=("dummy", "linear", "leave-one-out", "motion"),
)
def region_ablation(probe: Probe, *, regions: RegionSpec = Superpixels(), baseline: Baseline = Mean()) -> Evidence:
    """The score of the whole image less the score without the region."""

    def reading(game: Game) -> Evidence:
        drops = game.whole() - game.without_each()
        parts = PartScores(game.regions, drops)
        return Evidence(game.regions.native(drops)[None], parts=(parts,), empty=game.empty[None])

    return probe.play(regions, baseline, reading)
