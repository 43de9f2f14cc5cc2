"""Sobol indices: the share of the score's variation that is lost when one region stops varying."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ..domain.baseline import Baseline, Mean
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.regions import Grid, RegionSpec
from ..domain.tolerance import Tolerance
from ..engine.estimate import Estimate, deviations, from_influence
from ..engine.game import Game, part_evidence
from ..engine.levels import dimmed, scrambled
from ..engine.moments import upper_band
from ..engine.probe import Probe
from ..engine.sampling import sample
from ..registry import method

FOUR = 4  # neighbours in the sequence, together one unit: far more alike than independent ones, so bars are wide


@method(
    "sobol",
    family="perturbation",
    needs=Capability.SCORES,
    paper="Fel et al. 2021, arXiv:2111.04138; Jansen 1999, doi:10.1016/S0010-4655(98)00154-4",
    cost=lambda ask: Cost(1 + ask.fills * (1 + ask["samples"] // FOUR * FOUR * (ask.parts + 2))),
    shows="The share of the score's variation, when all regions are dimmed at random, in which each region takes part.",
    traps=(
        "Never negative: a region that speaks against the target is as bright as one that speaks for it.",
        "Shares of interactions are counted for each region in them, so they sum to more than one.",
        "Shares of a variation, not amounts: a score that hardly varies has indices too.",
        "The error bars are those of independent points; these spread evenly, so the truth is nearer than that.",
    ),
    axioms=("dummy",),
    signed=False,
    ratio=True,
    samples=True,
)
def sobol(
    probe: Probe,
    *,
    regions: RegionSpec = Grid(8),
    samples: int = 32,
    baseline: Baseline = Mean(),
    tolerance: Tolerance = 0.1,
    seed: int = 0,
) -> Evidence:
    """Total indices by Jansen's estimator (section 3.2): a region's level is drawn anew while all others stay."""

    def reading(game: Game) -> Evidence:
        points = scrambled(2 * game.players, seed)
        lost: list[Tensor] = []
        scores: list[Tensor] = []
        _ = game.empty  # reported beside the values, so paid for before sampling spends the rest

        def draw(fours: int) -> None:
            for _ in range(fours):
                asked = dimmed(game, _design(points(FOUR))).double()
                first, changed = asked[: 2 * FOUR], asked[2 * FOUR :].reshape(game.players, FOUR)
                lost.append((changed - first[:FOUR]).square().mean(dim=1) / 2)
                scores.append(first)

        def estimate() -> Estimate:
            return _shares(torch.stack(lost), torch.stack(scores), seed)

        calls = FOUR * (game.players + 2) * game.baseline.fills
        found, sampling = sample(
            game.probe.control, draw, estimate, units=samples // FOUR, calls=calls, unit="fours",
            tolerance=tolerance, batch=1,
        )  # fmt: skip
        return part_evidence(game, found, sampling)

    return probe.play(regions, baseline, reading)


def _design(points: Tensor) -> Tensor:
    """Rows A, rows B, and for each part the rows A with the level of that part taken from B."""
    a, b = points.chunk(2, dim=1)
    changed = torch.where(torch.eye(a.shape[1], dtype=torch.bool)[:, None], b, a)
    return torch.cat([a, b, changed.flatten(0, 1)])


def _shares(lost: Tensor, scores: Tensor, seed: int) -> Estimate:
    """Mean squared changes over the variance; bars of the ratio as if fours were independent: too wide."""
    spread = (scores - scores.mean()).square().mean(dim=1, keepdim=True)
    variance = float(spread.mean())
    shares = lost.mean(dim=0) / variance if variance > 0 else torch.zeros(lost.shape[1], dtype=lost.dtype)
    terms = (lost - shares * spread) / (variance or 1.0) / len(lost)
    found = from_influence(shares, deviations(terms), seed=seed, freedom=len(lost) - 1)
    factor = float((found.band / found.stderr).nan_to_num(0).max())
    return replace(found, band=upper_band(found.values, found.stderr, factor))
