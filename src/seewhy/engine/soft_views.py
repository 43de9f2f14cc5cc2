"""The mean score of random soft views that show a pixel: what RISE and D-RISE ask in the same way."""

from __future__ import annotations

from ..domain.baseline import Baseline
from ..domain.evidence import Evidence
from ..domain.ranges import Sides
from ..domain.regions import Grid
from ..domain.tolerance import Tolerance
from .game import Game
from .masks import SoftGrid
from .probe import Probe
from .running import MaskedMean
from .sampling import sample


def mean_of_views(
    probe: Probe, *, samples: int, cells: Sides, keep: float, baseline: Baseline, tolerance: Tolerance, seed: int
) -> Evidence:
    """Masks weighted by their scores, divided by how often a pixel is shown (RISE, eq. 6)."""

    def reading(game: Game) -> Evidence:
        masks = SoftGrid(game.regions.space, cells, keep, seed)
        mean, empty = MaskedMean(game.image, keep, masks.places), game.empty[None]

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
