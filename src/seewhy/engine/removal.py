"""Removal curves: the score while an image vanishes, pixel by pixel in the order of a map."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..domain.baseline import Baseline
from ..domain.edits import cut
from ..domain.ranges import whole
from ..domain.shapes import Masks, Scores
from .edited import scored
from .game import Game
from .probe import Probe


@dataclass(frozen=True)
class Removal:
    """The score after each step, both directions with one fill; removing the least relevant is inserting backwards."""

    removed: Float[Tensor, " k"]  # share of the pixels, from 0 to 1
    most: Scores  # the most relevant removed first
    least: Scores  # the least relevant removed first

    @cached_property
    def morf(self) -> float:
        """Area under the curve that removes the most relevant first: deletion."""
        return self._area(self.most)

    @cached_property
    def lerf(self) -> float:
        """Area under the curve that removes the least relevant first: insertion, read from its end."""
        return self._area(self.least)

    @property
    def gain(self) -> float:
        """The area between both: 0 for an order that knows nothing, the opposite sign for the opposite order."""
        return self.lerf - self.morf

    def sufficient(self, part: float) -> float:
        """The smallest share of the image, most relevant first, that keeps this part of the score."""
        enough = self.least >= part * self.least[0]
        return float((1 - self.removed)[enough].min())

    def necessary(self, part: float) -> float:
        """The smallest share, most relevant first, whose loss leaves less than this part; 1 where none does."""
        lost = self.removed[self.most < part * self.most[0]]
        return float(lost.min()) if len(lost) else 1.0

    def _area(self, scores: Scores) -> float:
        return float(torch.trapezoid(scores.double(), self.removed.double()))


def removal(game: Game, ranks: Tensor, steps: int) -> Removal:
    """Both curves of one order: 2 x (steps - 1) masked images; the whole and the empty one are known to the game.

    Ranks (1, h, w) of a clip are those of places, which vanish from all frames at once.
    """
    pixels = ranks.numel()
    most, least = vanishing(game, ranks, steps), vanishing(game, pixels - 1 - ranks, steps)
    return Removal(_counts(pixels, steps).to(most.device) / pixels, most, least)


def removal_of_frames(probe: Probe, ranks: Int[Tensor, " t"], steps: int, fill: Baseline) -> Removal:
    """Both curves of an order of frames, down to the last one: 2 x steps clips at most, as many as there are frames."""
    frames = len(ranks)
    whole("steps", steps)
    counts = torch.linspace(0, frames - 1, min(steps, frames - 1) + 1).round().long()
    ranks = ranks.cpu()

    def left(order: Tensor) -> Scores:
        clips = (cut(probe.images[0], order >= count, fill) for count in counts)
        return scored(probe, clips)

    return Removal((counts / (frames - 1)).to(probe.images.device), left(ranks), left(frames - 1 - ranks))


def vanishing(game: Game, ranks: Tensor, steps: int) -> Scores:
    """The score from the whole image to the empty one, the first of an order removed first."""
    inner = _counts(ranks.numel(), steps)[1:-1].tolist()
    return torch.cat([game.whole()[None], without_first(game, ranks, inner), game.empty[None]])


def area(scores: Scores) -> float:
    """The area under scores at equal steps from nothing to all, by trapezoids."""
    return float(torch.trapezoid(scores.double()) / (len(scores) - 1))


def _counts(pixels: int, steps: int) -> Int[Tensor, " k"]:
    whole("steps", steps)
    return (torch.linspace(0, 1, steps + 1) * pixels).round().long()


def without_first(game: Game, ranks: Tensor, counts: list[int]) -> Scores:
    """Scores without the first pixels of an order, for each count."""
    name = hashlib.blake2b(repr(ranks.shape).encode() + ranks.cpu().numpy().tobytes(), digest_size=16).digest()
    space = game.regions.space

    def masks() -> Iterator[tuple[list[bytes], Masks]]:
        block = game.probe.chunks.forward
        for start in range(0, len(counts), block):
            some = torch.tensor(counts[start : start + block], device=ranks.device)
            names = [name + count.to_bytes(8, "big") for count in some.tolist()]
            yield names, (ranks >= some.reshape(-1, *[1] * ranks.ndim)).expand(-1, *space)

    found = [scores for _, scores in game.soft(masks())]
    return torch.cat(found) if found else game.empty.new_empty(0)
