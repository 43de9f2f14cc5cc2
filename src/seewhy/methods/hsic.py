"""HSIC attribution: how strongly the score depends, in any way, on whether a region is there."""

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
from ..engine.coalitions import coin_flips, with_opposites
from ..engine.estimate import Estimate, from_influence
from ..engine.game import Game, part_evidence
from ..engine.probe import Probe
from ..engine.regression import Design
from ..engine.sampling import sample
from ..registry import method


@method(
    "hsic",
    family="perturbation",
    needs=Capability.SCORES,
    paper="Novello et al. 2022, arXiv:2206.06219; Song et al. 2012 (estimators), jmlr.org/papers/v13/song12a.html",
    cost=lambda ask: Cost(1 + ask.fills * (1 + ask["samples"])),
    shows="How strongly the score depends on whether a region is there, while the others come and go by chance.",
    traps=(
        "Never negative: a region that speaks against the target is as bright as one that speaks for it.",
        "Chance alone gives every region the value that is told as zero; only what lies above it means something.",
        "The kernel's width is the median distance of the scores drawn: amounts of two images do not compare.",
    ),
    signed=False,
    samples=True,
)
def hsic(
    probe: Probe,
    *,
    regions: RegionSpec = Grid(7),
    samples: int = 1024,
    baseline: Baseline = Mean(),
    tolerance: Tolerance = 0.1,
    seed: int = 0,
) -> Evidence:
    """tr(KHLH) with a Dirac kernel on presence and a Gaussian one on scores, from balanced antithetic coalitions."""

    def reading(game: Game) -> Evidence:
        generator, design = torch.Generator().manual_seed(seed), Design()
        _ = game.empty  # reported beside the values, so paid for before sampling spends the rest

        def draw(pairs: int) -> None:
            rows = with_opposites(coin_flips(game.players, pairs, generator))
            design.add(rows, game.values(rows))

        def estimate() -> Estimate:
            return _dependence(*_signs_and_gaps(design), seed)

        found, sampling = sample(
            game.probe.control, draw, estimate, units=samples // 2, calls=2 * game.baseline.fills, unit="pairs",
            tolerance=tolerance, batch=64,
        )  # fmt: skip
        chance = _chance(_signs_and_gaps(design)[1])
        evidence = part_evidence(game, found, sampling)
        return replace(evidence, zero=evidence.values.new_tensor([float(chance)]))

    return probe.play(regions, baseline, reading)


def _signs_and_gaps(design: Design) -> tuple[Tensor, Tensor]:
    """Presence as signs (m, p), and the inner products (m, m) of what turning a coalition round changes.

    K = signs' signs / 2 is the Dirac kernel (eq. 8) centred for coins; pairs balance it, so that H needs no rows of K.
    """
    first, one, other = design.pairs
    scores = torch.cat([one, other])
    apart = (scores[:, None] - scores[None]).abs()
    width = float(apart[torch.triu(torch.ones_like(apart, dtype=torch.bool), 1)].median())
    kernel = (-(apart**2) / (2 * width**2)).exp() if width > 0 else torch.ones_like(apart)
    m = len(first)
    here, there, across = kernel[:m, :m], kernel[m:, m:], kernel[:m, m:]
    return 2 * first.double() - 1, here + there - across - across.T


def _chance(gaps: Tensor) -> Tensor:
    """What a part gets that does not matter: each pair depends on itself."""
    return gaps.diagonal().sum() / (8 * len(gaps) ** 2)


def _dependence(signs: Tensor, gaps: Tensor, seed: int) -> Estimate:
    """HSIC of each part with the score, and the jackknife over pairs: what it would be without each of them.

    What chance adds, which endless sampling would not, counts as one unit more.
    """
    m = len(signs)
    pulls = signs * (gaps @ signs)
    total = pulls.sum(dim=0)
    without = (total - 2 * pulls + gaps.diagonal()[:, None]) / (8 * max(1, m - 1) ** 2)
    spread = (without - without.mean(dim=0)) * ((m - 1) / m) ** 0.5
    influence = torch.cat([spread, _chance(gaps).expand(1, signs.shape[1])])
    return from_influence(total.clamp(min=0) / (8 * m**2), influence, seed=seed, freedom=m - 1)
