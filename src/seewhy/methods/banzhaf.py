"""Banzhaf values: what each region adds on average when every company is as likely as any other."""

from __future__ import annotations

import torch
from torch import Tensor

from ..domain.baseline import Baseline, Blur
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.regions import RegionSpec, Superpixels
from ..domain.tolerance import Tolerance
from ..engine.coalitions import coin_flips, with_opposites
from ..engine.estimate import Estimate, deviations
from ..engine.game import Game, part_evidence
from ..engine.probe import Probe
from ..engine.regression import Design
from ..engine.sampling import sample
from ..engine.shapley import affordable, exactly, worths
from ..engine.shrinkage import shrunken
from ..registry import method


@method(
    "banzhaf",
    family="shapley",
    needs=Capability.SCORES,
    paper="Banzhaf 1965; Wang & Jia 2023, arXiv:2205.15466; Liu et al. 2024, arXiv:2410.08336",
    cost=lambda ask: Cost(1 + ask.fills * (1 + ask["samples"])),
    shows="What each region adds on average when every other region is there or not by the toss of a coin.",
    traps=(
        "The values do not sum to the difference of scores: compare them with each other only.",
        "The company is nearly always half the image: what matters only when nearly all is there, or gone, is missed.",
        "Few samples are shrunk towards zero, as far as leaving pairs out recommends; the bars hold the bias.",
    ),
    samples=True,
    axioms=("timely",),
)
def banzhaf(
    probe: Probe,
    *,
    regions: RegionSpec = Superpixels(),
    samples: int = 1024,
    baseline: Baseline = Blur(),
    tolerance: Tolerance = 0.1,
    seed: int = 0,
) -> Evidence:
    """Regression on antithetic coin flips, which reuses every answer for every region; exact where affordable."""

    def reading(game: Game) -> Evidence:
        if affordable(game, samples):
            coalitions, worth = worths(game)
            signs = 2 * coalitions.double() - 1
            return exactly(game, 2 * signs.T @ worth / len(worth), complete=False)
        generator, design = torch.Generator().manual_seed(seed), Design()
        _ = game.empty  # reported beside the values, so paid for before sampling spends the rest

        def draw(pairs: int) -> None:
            rows = with_opposites(coin_flips(game.players, pairs, generator))
            design.add(rows, game.values(rows))

        def estimate() -> Estimate:
            first, scores, opposite = design.pairs
            return _fitted(2 * first.double() - 1, scores - opposite, seed)

        found, sampling = sample(
            game.probe.control, draw, estimate, units=samples // 2, calls=2 * game.baseline.fills, unit="pairs",
            tolerance=tolerance, least=game.players + 8,
        )  # fmt: skip
        return part_evidence(game, found, sampling)

    return probe.play(regions, baseline, reading)


def _fitted(signs: Tensor, gaps: Tensor, seed: int) -> Estimate:
    """The additive fit to v(S) - v(rest): under coin flips the signs are uncorrelated."""
    weights = torch.full_like(gaps, 1 / len(gaps))
    return shrunken(signs, gaps, weights, torch.eye(signs.shape[1], dtype=signs.dtype), deviations).banded(seed)
