"""KernelSHAP: Shapley values by a regression on sampled coalitions."""

from __future__ import annotations

import torch

from ..domain.baseline import Baseline, Blur
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.regions import RegionSpec, Superpixels
from ..engine.coalitions import kernel_draws, with_opposites
from ..engine.estimate import Estimate
from ..engine.game import Game, part_evidence
from ..engine.probe import Probe
from ..engine.regression import Design, paired_errors, shapley_regression
from ..engine.sampling import sample
from ..engine.shapley import exact
from ..registry import method


@method(
    "kernel-shap",
    family="shapley",
    needs=Capability.SCORES,
    paper="Lundberg & Lee 2017, arXiv:1705.07874",
    cost=lambda ask: Cost(1 + ask.fills * (1 + ask["samples"])),
    shows="A fair share of the score for each region, averaged over all company; shares sum to the difference.",
    traps=(
        "The sum is right by construction, so a right sum proves nothing about the shares.",
        "512 pairs on the bundled cat's 34 superpixels left a 95% band of half the map's range: read the error bars.",
    ),
    axioms=("complete",),
    samples=True,
)
def kernel_shap(
    probe: Probe,
    *,
    regions: RegionSpec = Superpixels(),
    samples: int = 1024,
    baseline: Baseline = Blur(),
    tolerance: float = 0.1,
    seed: int = 0,
) -> Evidence:
    """Regression on antithetic pairs drawn by the Shapley kernel; exact where all coalitions are affordable."""

    def reading(game: Game) -> Evidence:
        everyone = (1 << game.players) - 2  # coalitions that are neither empty nor whole
        if everyone <= samples and probe.control.affords(game.baseline.fills) > everyone:
            return exact(game)
        generator, design = torch.Generator().manual_seed(seed), Design()
        empty, whole = float(game.empty), float(game.whole())

        def draw(pairs: int) -> None:
            rows = with_opposites(kernel_draws(game.players, pairs, generator))
            design.add(rows, game.values(rows))

        def estimate() -> Estimate:
            rows, answers = design.rows, design.answers
            weights = torch.ones_like(answers)  # the draws carry the kernel already
            values, matrix = shapley_regression(rows, answers, empty, whole, weights)
            return paired_errors(values, rows, answers - empty - rows @ values, weights, matrix, seed=seed)

        found, sampling = sample(
            game.probe.control, draw, estimate, units=samples // 2, calls=2 * game.baseline.fills, unit="pairs",
            tolerance=tolerance, least=game.players + 8,
        )  # fmt: skip
        return part_evidence(game, found, sampling, complete=True)

    return probe.play(regions, baseline, reading)
