"""Frame Shapley: what each frame adds to clips of any length that the other frames make."""

from __future__ import annotations

from dataclasses import replace

import torch

from ..domain.baseline import Baseline
from ..domain.capability import Capability
from ..domain.clip_regions import Frames
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.regions import RegionSpec
from ..domain.tolerance import Tolerance
from ..domain.whole_frames import Resampled, Shorter
from ..engine.coalitions import orders
from ..engine.estimate import Estimate, of_mean
from ..engine.game import Game, part_evidence
from ..engine.probe import Probe
from ..engine.sampling import sample
from ..engine.shapley import MOST_PLAYERS, affordable, exact, gains_of_pairs
from ..errors import BadOption
from ..registry import Ask, method


def _cost(ask: Ask) -> Cost:
    proper = 2**ask.parts - 2
    everyone = ask.parts <= MOST_PLAYERS and proper <= ask["samples"]
    return Cost(1 + ask.fills * (1 + (proper if everyone else ask["samples"] // 2 * 2 * (ask.parts - 1))))


SHORTER = "The clip becomes shorter by the frames that are left out: the model takes any number of them."


@method(
    "frame-shapley",
    family="shapley",
    needs=Capability.SCORES,
    paper="Price & Damen 2020, arXiv:2011.12372 (element Shapley values)",
    cost=_cost,
    shows="A fair share of the score for each frame, averaged over all clips that the other frames make.",
    traps=(
        "A clip of few frames is unlike those of the training: how the model takes it is part of the answer.",
        "The sum is right by construction, so a right sum proves nothing about the shares: read the error bars.",
        "Nobody knows a score of no frames: one frame of the clip's mean colour is asked instead of a class prior.",
    ),
    axioms=("linear", "timely", "motion"),
    samples=True,
    spaces=(3,),
)
def frame_shapley(
    probe: Probe,
    *,
    regions: RegionSpec = Frames(),
    samples: int = 256,
    baseline: Baseline | None = None,
    tolerance: Tolerance = 0.1,
    seed: int = 0,
) -> Evidence:
    """Exact where all coalitions are affordable, otherwise pairs of opposite orders; frames are really left out."""

    def shares(game: Game) -> Evidence:
        return exact(game) if affordable(game, samples) else _sampled(game, samples, tolerance, seed)

    def reading(game: Game) -> Evidence:
        if baseline is not None:
            return shares(game)
        try:
            return replace(shares(game), chosen=(SHORTER,))
        except BadOption as error:  # raised again where it is not about lengths
            spread = shares(replace(game, baseline=Resampled()))
            told = f"The frames that are left are spread over the whole time. {error.problem}"
            return replace(spread, chosen=(told,))

    return probe.play(regions, baseline or Shorter(), reading)


def _sampled(game: Game, samples: int, tolerance: Tolerance, seed: int) -> Evidence:
    generator, gains = torch.Generator().manual_seed(seed), torch.zeros(0, game.players, dtype=torch.float64)

    def draw(pairs: int) -> None:
        nonlocal gains
        gains = torch.cat([gains, gains_of_pairs(game, orders(game.players, pairs, generator))])

    def estimate() -> Estimate:
        return of_mean(gains, seed=seed)

    found, sampling = sample(
        game.probe.control, draw, estimate, units=samples // 2, calls=2 * (game.players - 1) * game.baseline.fills,
        unit="pairs of orders", tolerance=tolerance, batch=2,
    )  # fmt: skip
    return part_evidence(game, found, sampling, complete=True)
