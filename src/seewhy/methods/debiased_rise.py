"""Debiased RISE: how much showing a pixel, rather than hiding it, raises the score of random soft views."""

from __future__ import annotations

from typing import Literal

from ..domain.baseline import Baseline, Mean
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.ranges import Sides
from ..domain.regions import Grid
from ..domain.tolerance import Tolerance
from ..engine.game import Game
from ..engine.mask_regression import MaskRegression
from ..engine.masks import SoftGrid
from ..engine.probe import Probe
from ..engine.running import MaskedSlope
from ..engine.sampling import sample
from ..registry import method


@method(
    "debiased-rise",
    family="perturbation",
    needs=Capability.SCORES,
    paper="Hatakeyama et al. 2020, arXiv:2010.02468; Petsiuk et al. 2018, arXiv:1806.07421 (masks)",
    cost=lambda ask: Cost(1 + ask.fills * (1 + ask["samples"])),
    shows="How much the mean score of random views rises when a pixel is shown rather than hidden.",
    traps=(
        "Half of the image is hidden in every view: what shows only in nearly whole images is missed.",
        "The cells decide how small a thing can be seen; neighbours within a cell share their credit.",
        "The regression tells cells apart, not pixels within them, and shrinks where masks are few: the bars hold it.",
    ),
    samples=True,
    scale="probability",
)
def debiased_rise(
    probe: Probe,
    *,
    samples: int = 1000,
    cells: Sides = 7,
    keep: float = 0.5,
    estimator: Literal["regression", "covariance"] = "regression",
    baseline: Baseline = Mean(),
    tolerance: Tolerance = 0.1,
    seed: int = 0,
) -> Evidence:
    """Covariance of score and mask over that of a coin: estimated as it stands, or by a linear model of the cells."""
    paired = estimator == "regression"

    def reading(game: Game) -> Evidence:
        masks, empty = SoftGrid(game.regions.space, cells, keep, seed), game.empty[None]
        slope = MaskRegression(masks, seed) if paired else MaskedSlope(game.image, keep, masks.places)

        def draw(count: int) -> None:
            for block, scores in game.soft(masks.draw(count, game.probe.chunks.forward, paired=paired)):
                slope.add(block, scores)

        found, sampling = sample(
            game.probe.control, draw, slope.estimate, units=samples // 2 if paired else samples,
            calls=game.baseline.fills * (2 if paired else 1), unit="pairs" if paired else "masks",
            tolerance=tolerance, least=masks.cells + 3 if paired else 2, batch=32 if paired else 64,
        )  # fmt: skip
        values, stderr, band = (part.reshape(1, *game.regions.space) for part in found.parts)
        return Evidence(values, stderr, band, empty=empty, sampling=(sampling,))

    return probe.play(Grid(1), baseline, reading)
