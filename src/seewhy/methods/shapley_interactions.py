"""Shapley interactions: which regions matter together, beyond what each is worth by itself."""

from __future__ import annotations

import torch

from ..domain.baseline import Baseline, Blur
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.regions import Grid, RegionSpec
from ..domain.tolerance import Tolerance
from ..engine.estimate import Estimate
from ..engine.game import Game, part_evidence
from ..engine.interactions import exact_interactions, interactions_of_pairs, with_pairs
from ..engine.leverage import LeveragePairs
from ..engine.probe import Probe
from ..engine.regression import Design
from ..engine.sampling import sample
from ..engine.shapley import affordable, exactly, shares, shares_of_pairs, worths
from ..registry import method


@method(
    "shapley-interactions",
    family="shapley",
    needs=Capability.SCORES,
    paper="Tsai et al. 2023 (Faith-Shap), arXiv:2203.00870",
    cost=lambda ask: Cost(1 + ask.fills * (1 + ask["samples"])),
    shows="Shapley values, and for each two regions what they are worth together beyond what each is worth alone.",
    traps=(
        "The map is the Shapley value: half of each interaction is in both of its regions.",
        "Only couples: what needs three regions at once is spread over their couples and single effects.",
        "Few samples for many couples: interactions are shrunk towards zero, and the bars are wide.",
    ),
    axioms=("complete",),
    samples=True,
)
def shapley_interactions(
    probe: Probe,
    *,
    regions: RegionSpec = Grid(4),
    samples: int = 1024,
    baseline: Baseline = Blur(),
    tolerance: Tolerance = 0.1,
    seed: int = 0,
) -> Evidence:
    """The best fit of single and pairwise effects under the Shapley kernel; exact where that is affordable."""

    def reading(game: Game) -> Evidence:
        if affordable(game, samples):
            asked = worths(game)
            joint = exact_interactions(*asked)
            return with_pairs(exactly(game, shares(*asked), complete=True), joint, torch.zeros_like(joint))
        pairs, design = LeveragePairs(game.players, seed), Design()
        whole, empty = float(game.whole()), float(game.empty)

        def draw(count: int) -> None:
            rows = pairs.draw(count)
            design.add(rows, game.values(rows))

        def estimate() -> Estimate:
            first, scores, opposite = design.pairs
            single = shares_of_pairs(first, scores - opposite, whole - empty)
            return single.beside(interactions_of_pairs(first, scores + opposite, whole + empty)).banded(seed)

        found, sampling = sample(
            game.probe.control, draw, estimate, units=samples // 2, calls=2 * game.baseline.fills, unit="pairs",
            tolerance=tolerance, least=game.players + 8,
        )  # fmt: skip
        alone = Estimate(*(part[: game.players] for part in found.parts))
        evidence = part_evidence(game, alone, sampling, complete=True)
        return with_pairs(evidence, found.values[game.players :], found.band[game.players :])

    return probe.play(regions, baseline, reading)
