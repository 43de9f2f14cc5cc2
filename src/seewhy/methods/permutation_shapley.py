"""Permutation Shapley: what each region adds when regions arrive one by one, in random orders."""

from __future__ import annotations

import torch

from ..domain.baseline import Baseline, Blur
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.regions import RegionSpec, Superpixels
from ..domain.tolerance import Tolerance
from ..engine.coalitions import orders
from ..engine.estimate import Estimate, of_mean
from ..engine.game import Game, part_evidence
from ..engine.probe import Probe
from ..engine.sampling import sample
from ..engine.shapley import gains_of_pairs
from ..registry import method


@method(
    "permutation-shapley",
    family="shapley",
    needs=Capability.SCORES,
    paper="Štrumbelj & Kononenko 2014, doi:10.1007/s10115-013-0679-x; Mitchell et al. 2022, arXiv:2104.12199",
    cost=lambda ask: Cost(1 + ask.fills * (1 + (ask["samples"] // 2) * 2 * (ask.parts - 1))),
    shows="A fair share of the score for each region, averaged over orders of arrival; shares sum to the difference.",
    traps=("The sum is right by construction, so a right sum proves nothing about the shares: read the error bars.",),
    axioms=("complete", "dummy", "linear", "shapley", "unbiased", "motion"),
    samples=True,
)
def permutation_shapley(
    probe: Probe,
    *,
    regions: RegionSpec = Superpixels(),
    samples: int = 64,
    baseline: Baseline = Blur(),
    tolerance: Tolerance = 0.1,
    seed: int = 0,
) -> Evidence:
    """Mean gain over orders; each order comes with its reverse, and the pair is the independent unit."""

    def reading(game: Game) -> Evidence:
        generator, gains = torch.Generator().manual_seed(seed), torch.zeros(0, game.players, dtype=torch.float64)

        def draw(pairs: int) -> None:
            nonlocal gains
            gains = torch.cat([gains, gains_of_pairs(game, orders(game.players, pairs, generator))])

        def estimate() -> Estimate:
            return of_mean(gains, seed=seed)

        calls = 2 * max(1, game.players - 1) * game.baseline.fills
        found, sampling = sample(
            game.probe.control, draw, estimate, units=samples // 2, calls=calls, unit="pairs of orders",
            tolerance=tolerance, batch=2,
        )  # fmt: skip
        return part_evidence(game, found, sampling, complete=True)

    return probe.play(regions, baseline, reading)
