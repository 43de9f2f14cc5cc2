"""Quadtree occlusion: large blocks are taken away first, and those that matter are looked at again in pieces."""

from __future__ import annotations

from ..domain.baseline import Baseline, Mean
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence, Sampling
from ..domain.ranges import whole
from ..domain.regions import Grid
from ..engine.game import Game
from ..engine.probe import Probe
from ..engine.quadtree import coarse, questions, read, refined, without
from ..errors import BadOption
from ..registry import method


@method(
    "quadtree-occlusion",
    family="perturbation",
    needs=Capability.SCORES,
    paper="Zeiler & Fergus 2014, arXiv:1311.2901 (with windows of one size)",
    cost=lambda ask: Cost(1 + ask.fills * (1 + questions(ask.space, ask["cells"], ask["window"], ask["samples"]))),
    shows="How much of the score is lost per pixel without the block around each place; fine where much is at stake.",
    traps=(
        "A large block is another question than a small one: what only matters in pieces, or cancels in a large block,"
        " is never looked at closely.",
        "Where evidence is spread out, plain occlusion with small windows can order places better for as many calls:"
        " what a coarse block costs stays in the map of its pieces.",
        "What no piece of a block costs alone is shared by its pieces evenly, so a dummy can get something.",
    ),
    axioms=("timely", "motion"),
)
def quadtree_occlusion(
    probe: Probe, *, cells: int = 7, window: int = 8, samples: int = 400, baseline: Baseline = Mean()
) -> Evidence:
    """Drops of a coarse grid, each split up by the drops of its pieces: the map always sums to the coarse drops."""
    whole("window", window)
    blocks = coarse(tuple(probe.images.shape[2:]), cells)
    if samples < len(blocks):
        raise BadOption(
            f"samples={samples} do not pay for the {len(blocks)} blocks of the first grid.",
            fix=f"give samples of at least {len(blocks)}, or fewer cells.",
        )

    def reading(game: Game) -> Evidence:
        leaves, asked, done = refined(
            blocks, lambda some: (game.whole() - without(game, some)).tolist(), window, samples
        )
        parts, painted = read(game, leaves)
        return Evidence(
            painted[None],
            parts=(parts,),
            empty=game.empty[None],
            sampling=(Sampling(asked, "blocks", "exact" if done else "samples", 0.0 if done else None),),
        )

    return probe.play(Grid(cells), baseline, reading)
