"""Partition Shapley: Owen values on a tree of regions, refined first where most is at stake."""

from __future__ import annotations

from ..domain.baseline import Baseline, Blur
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence, Sampling
from ..domain.ranges import whole
from ..domain.regions import Grid, RegionSpec
from ..engine.game import Game, part_evidence
from ..engine.hierarchy import questions, tree
from ..engine.owen import refined
from ..engine.probe import Probe
from ..registry import method


@method(
    "partition-shapley",
    family="shapley",
    needs=Capability.SCORES,
    paper="Owen 1977, doi:10.1007/978-3-642-45494-3_7; Lundberg et al. (shap.PartitionExplainer)",
    cost=lambda ask: Cost(1 + ask.fills * (1 + min(ask["samples"] // 2 * 2, questions(ask.parts)))),
    shows="A fair share of the score for each region when neighbours act together; fine where much is at stake.",
    traps=(
        "The tree decides who acts together: another tree gives other shares.",
        "Regions that were not separated yet share alike, so a dummy can get something; no error bar tells how much.",
    ),
    axioms=("complete", "additive", "timely", "motion"),
)
def partition_shapley(
    probe: Probe, *, regions: RegionSpec = Grid(16), samples: int = 500, baseline: Baseline = Blur()
) -> Evidence:
    """Halves of a binary tree share what the branch adds, half in each other's absence, half in its presence."""
    whole("samples", samples, least=2)

    def reading(game: Game) -> Evidence:
        values, asked, done = refined(game, tree(game.regions), samples // 2)
        sampling = Sampling(asked, "coalitions", "exact", 0.0) if done else Sampling(asked, "coalitions", "samples")
        return part_evidence(game, values, sampling, complete=True)

    return probe.play(regions, baseline, reading)
