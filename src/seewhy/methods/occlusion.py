"""Occlusion: the drop of the score when one window of the image is taken away."""

from __future__ import annotations

from ..domain.baseline import Baseline, Mean
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence, PartScores
from ..domain.ranges import Sides
from ..domain.regions import Windows
from ..engine.game import Game
from ..engine.probe import Probe
from ..registry import method


@method(
    "occlusion",
    family="perturbation",
    needs=Capability.SCORES,
    paper="Zeiler & Fergus 2014, arXiv:1311.2901",
    cost=lambda ask: Cost(1 + ask.fills * (1 + ask.parts)),
    shows="How much the score drops without what lies in the window around each place.",
    traps=(
        "Two things of which one suffices hide each other: taking away either changes nothing.",
        "The fill colour and the window size are part of the question.",
    ),
    axioms=("dummy", "linear", "leave-one-out", "motion"),
)
def occlusion(probe: Probe, *, window: Sides = 32, stride: Sides = 16, baseline: Baseline = Mean()) -> Evidence:
    """Mean drop of the score over the windows that cover a position."""

    def reading(game: Game) -> Evidence:
        drops = game.whole() - game.without_each()
        parts = PartScores(game.regions, drops)
        return Evidence(game.regions.paint(drops)[None], parts=(parts,), empty=game.empty[None])

    return probe.play(Windows(window, stride), baseline, reading)
