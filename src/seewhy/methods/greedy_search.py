"""Greedy search as a control: the order of parts that the removal curves themselves would choose."""

from __future__ import annotations

from dataclasses import replace

import torch

from ..domain.baseline import Baseline, Mean
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.regions import Grid, RegionSpec
from ..engine.game import Game, part_evidence
from ..engine.greedy import greedy
from ..engine.probe import Probe
from ..registry import method


@method(
    "greedy-search",
    family="control",
    needs=Capability.SCORES,
    paper="control; the search of Chen et al. 2024, arXiv:2402.09164",
    cost=lambda ask: Cost(1 + ask.fills * (ask.parts * (ask.parts + 1) - 1)),
    shows="Which part a search for the steepest removal curves takes first, second and so on: the order, not a worth.",
    traps=(
        "A yardstick from above that asks the model what metrics will ask: it is good at metrics by construction.",
        "No strict bound: greedy can miss the best order, and finer maps can beat any order of coarse parts.",
    ),
    signed=False,
    scale="probability",
    jumps=True,
)
def greedy_search(probe: Probe, *, regions: RegionSpec = Grid(4), baseline: Baseline = Mean()) -> Evidence:
    """Greedy on v(S) - v(rest), the height between insertion and deletion; 1 for the first part, the last gets 1/p."""

    def reading(game: Game) -> Evidence:
        order, _ = greedy(game)
        values = torch.empty(game.players)
        values[order] = torch.arange(game.players, 0, -1) / game.players
        notes = ("A yardstick: it searched for what removal curves reward.",)
        return replace(part_evidence(game, values), notes=notes)

    return probe.play(regions, baseline, reading)
