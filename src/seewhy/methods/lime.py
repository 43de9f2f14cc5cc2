"""LIME: a small linear model that imitates the network around this image."""

from __future__ import annotations

import torch

from ..domain.baseline import Baseline, Mean
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.ranges import positive
from ..domain.regions import RegionSpec, Superpixels
from ..domain.tolerance import Tolerance
from ..engine.coalitions import coin_flips, with_opposites
from ..engine.estimate import Estimate
from ..engine.game import Game, part_evidence
from ..engine.probe import Probe
from ..engine.regression import Design, paired_errors, ridge
from ..engine.sampling import sample
from ..registry import method


@method(
    "lime",
    family="perturbation",
    needs=Capability.SCORES,
    paper="Ribeiro et al. 2016, arXiv:1602.04938",
    cost=lambda ask: Cost(1 + ask.fills * (1 + ask["samples"])),
    shows="The weight of each region in a linear model fitted to the answers on images with regions hidden.",
    traps=(
        "With the published kernel width nearly all samples weigh alike: 'local' is hardly local.",
        "The ridge pulls all weights towards zero, the more the fewer samples.",
        "Other regions give another answer.",
    ),
    samples=True,
    scale="probability",
    axioms=("timely",),
)
def lime(
    probe: Probe,
    *,
    regions: RegionSpec = Superpixels(),
    samples: int = 1000,
    width: float = 0.25,
    ridge_strength: float = 1.0,
    baseline: Baseline = Mean(),
    tolerance: Tolerance = 0.1,
    seed: int = 0,
) -> Evidence:
    """Ridge regression on presence bits, weighted by the cosine distance to the whole image."""
    positive("width", width)
    positive("ridge_strength", ridge_strength, or_zero=True)

    def reading(game: Game) -> Evidence:
        generator, design = torch.Generator().manual_seed(seed), Design()
        first = torch.ones(1, game.players, dtype=torch.bool)
        design.add(with_opposites(first), torch.stack([game.whole(), game.empty]))

        def draw(pairs: int) -> None:
            rows = with_opposites(coin_flips(game.players, pairs, generator))
            design.add(rows, game.values(rows))

        def estimate() -> Estimate:
            rows, answers = design.rows, design.answers
            distance = 1 - rows.mean(dim=1).sqrt()  # cosine distance of bits to all ones
            weights = (-((distance / width) ** 2)).exp().sqrt()
            values, matrix, centred, residuals = ridge(rows, answers, weights, ridge_strength)
            pull = ridge_strength * matrix @ values
            return paired_errors(values, centred, residuals, weights, matrix, pull=pull, seed=seed)

        found, sampling = sample(
            game.probe.control, draw, estimate, units=samples // 2, calls=2 * game.baseline.fills, unit="pairs",
            tolerance=tolerance,
        )  # fmt: skip
        return part_evidence(game, found, sampling)

    return probe.play(regions, baseline, reading)
