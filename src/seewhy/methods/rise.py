"""RISE: the mean score of random soft views that show a pixel."""

from __future__ import annotations

from ..domain.baseline import Baseline, Mean
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.regions import Grid
from ..engine.game import Game
from ..engine.masks import SoftGrid
from ..engine.probe import Probe
from ..engine.running import MaskedMean
from ..engine.sampling import sample
from ..registry import method


@method(
    "rise",
    family="perturbation",
    needs=Capability.SCORES,
    paper="Petsiuk et al. 2018, arXiv:1806.07421",
    cost=lambda ask: Cost(1 + ask.fills * (1 + ask["samples"])),
    shows="The mean score when a pixel is visible: bright where seeing it keeps the score up.",
    traps=(
        "Every pixel carries the mean score of all views: only the difference from it means something.",
        "Needs thousands of views; the error bars say whether there were enough.",
        "The grid decides how small a thing can be seen.",
    ),
    signed=False,
    samples=True,
    scale="probability",
)
def rise(
    probe: Probe,
    *,
    samples: int = 4000,
    cells: int = 7,
    keep: float = 0.5,
    baseline: Baseline = Mean(),
    tolerance: float = 0.1,
    seed: int = 0,
) -> Evidence:
    """Masks weighted by their scores, divided by how often a pixel is shown (eq. 6)."""

    def reading(game: Game) -> Evidence:
        masks = SoftGrid(game.regions.space, cells, keep, seed)
        mean, empty = MaskedMean(game.image, keep, masks.cells), game.empty[None]

        def draw(count: int) -> None:
            for block, scores in game.soft(masks.draw(count, game.probe.chunks.forward)):
                mean.add(block, scores)

        control = game.probe.control
        fills = game.baseline.fills
        found, sampling = sample(
            control, draw, mean.estimate, units=samples, calls=fills, unit="masks", tolerance=tolerance, batch=64
        )
        values, stderr, band = (part.reshape(1, *game.regions.space) for part in found.parts)
        level = empty.new_tensor([mean.level])
        return Evidence(values, stderr, band, empty=empty, zero=level, sampling=(sampling,))

    return probe.play(Grid(1), baseline, reading)
