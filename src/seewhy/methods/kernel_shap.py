"""KernelSHAP: Shapley values by a regression on sampled coalitions."""

from __future__ import annotations

from ..domain.baseline import Baseline, Blur
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.regions import RegionSpec, Superpixels
from ..domain.tolerance import Tolerance
from ..engine.estimate import Estimate
from ..engine.game import Game, part_evidence
from ..engine.leverage import LeveragePairs
from ..engine.probe import Probe
from ..engine.regression import Design
from ..engine.sampling import sample
from ..engine.shapley import affordable, exact, shares_of_pairs
from ..registry import method


@method(
    "kernel-shap",
    family="shapley",
    needs=Capability.SCORES,
    paper="Lundberg & Lee 2017, arXiv:1705.07874; Musco & Witter 2024, arXiv:2410.01917",
    cost=lambda ask: Cost(1 + ask.fills * (1 + ask["samples"])),
    shows="A fair share of the score for each region, averaged over all company; shares sum to the difference.",
    traps=(
        "The sum is right by construction, so a right sum proves nothing about the shares.",
        "Few samples are shrunk towards equal shares, as far as leaving pairs out recommends; the bars hold the bias.",
    ),
    axioms=("complete", "timely", "motion"),
    samples=True,
)
def kernel_shap(
    probe: Probe,
    *,
    regions: RegionSpec = Superpixels(),
    samples: int = 1024,
    baseline: Baseline = Blur(),
    tolerance: Tolerance = 0.1,
    seed: int = 0,
) -> Evidence:
    """Regression on antithetic pairs drawn by leverage, none twice; exact where all coalitions are affordable."""

    def reading(game: Game) -> Evidence:
        if affordable(game, samples):
            return exact(game)
        pairs, design, explained = LeveragePairs(game.players, seed), Design(), float(game.whole() - game.empty)

        def draw(count: int) -> None:
            rows = pairs.draw(count)
            design.add(rows, game.values(rows))

        def estimate() -> Estimate:
            first, scores, opposite = design.pairs
            return shares_of_pairs(first, scores - opposite, explained).banded(seed)

        found, sampling = sample(
            game.probe.control, draw, estimate, units=samples // 2, calls=2 * game.baseline.fills, unit="pairs",
            tolerance=tolerance, least=game.players + 8,
        )  # fmt: skip
        return part_evidence(game, found, sampling, complete=True)

    return probe.play(regions, baseline, reading)
