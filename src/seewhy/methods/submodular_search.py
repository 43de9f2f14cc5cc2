"""Submodular search: the order of regions in which the fewest of them say the most."""

from __future__ import annotations

from ..domain.baseline import Baseline, Mean
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.regions import RegionSpec, Superpixels
from ..engine.game import Game, part_evidence
from ..engine.greedy import greedy
from ..engine.probe import Probe
from ..registry import method


@method(
    "submodular-search",
    family="perturbation",
    needs=Capability.SCORES,
    paper="Chen et al. 2024, arXiv:2402.09164 (consistency and collaboration only)",
    cost=lambda ask: Cost(1 + ask.fills * (ask.parts * (ask.parts + 1) - 1)),
    shows="What each region added when it was chosen, the best next one first; gains sum to the difference of scores.",
    traps=(
        "Each region is judged in the company of those chosen before: of two twins the second gets little.",
        "Two of the published four terms: confidence needs an evidential head, effectiveness an encoder of regions.",
        "A network need not be submodular, so greedy has no guarantee: a region that needs company may come late.",
    ),
    axioms=("dummy",),  # complete too, on the scale asked for: its own check runs with every explanation
    scale="probability",
)
def submodular_search(probe: Probe, *, regions: RegionSpec = Superpixels(30), baseline: Baseline = Mean()) -> Evidence:
    """Greedy on v(S) - v(rest), asked of every candidate in every round."""

    def reading(game: Game) -> Evidence:
        _, gains = greedy(game)
        return part_evidence(game, gains, complete=True)

    return probe.play(regions, baseline, reading)
