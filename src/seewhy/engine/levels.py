"""Parts that are neither present nor absent but dimmed to a level in between, and sequences of such levels."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from ..domain.regions import Regions
from ..domain.shapes import Masks, Scores
from .game import Game

Levels = Float[Tensor, "n p"]  # 0 absent, 1 present
_DIMENSIONS = 21201  # of torch's Sobol' sequence


def dimmed(game: Game, levels: Levels) -> Scores:
    """The target's score with each part at its level, where the levels are; answers paid for are not asked again."""
    return torch.cat([scores for _, scores in game.soft(_named(game, levels))]).to(levels.device)


def painted(regions: Regions, levels: Levels) -> Masks:
    """The level of each pixel; where parts overlap their levels multiply, what belongs to no part is present."""
    if regions.labels is not None:
        return torch.nn.functional.pad(levels, (0, 1), value=1.0)[:, regions.labels]
    masks = levels.new_ones(len(levels), *regions.space)
    for level, piece in zip(levels.T, regions.pieces, strict=True):
        masks[(slice(None), *piece)] *= level.reshape(-1, *[1] * len(piece))
    return masks


def scrambled(dimensions: int, seed: int) -> Callable[[int], Levels]:
    """Draws the next points of a scrambled Sobol' sequence; columns beyond those it has come from further ones."""
    widths = [min(_DIMENSIONS, dimensions - start) for start in range(0, dimensions, _DIMENSIONS)]
    engines = [
        torch.quasirandom.SobolEngine(width, scramble=True, seed=seed + 1009 * i) for i, width in enumerate(widths)
    ]
    return lambda count: torch.cat([engine.draw(count) for engine in engines], dim=1)


def _named(game: Game, levels: Levels) -> Iterator[tuple[list[bytes], Masks]]:
    """Blocks of masks; a level mask is told from other soft masks of the game by its name."""
    for rows in levels.split(game.probe.chunks.forward):
        names = [b"levels" + row.numpy().tobytes() for row in rows.float().cpu()]
        yield names, painted(game.regions, rows.to(game.image.device))
