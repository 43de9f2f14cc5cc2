"""Blocks of an image halved along each axis again and again, those whose absence matters most first."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..domain.evidence import PartScores
from ..domain.ranges import whole
from ..domain.regions import Regions
from ..domain.shapes import Masks, Scores
from .game import Game

_AT_ONCE = 8  # blocks split in one round, so that their scores are asked for together
_COMPARABLE = 0.5  # of the largest drop: smaller ones wait for their turn


@dataclass(frozen=True)
class Block:
    """A box of pixels."""

    start: tuple[int, ...]
    size: tuple[int, ...]

    @property
    def volume(self) -> int:
        return math.prod(self.size)

    @property
    def places(self) -> tuple[slice, ...]:
        return tuple(slice(first, first + side) for first, side in zip(self.start, self.size, strict=True))

    def split(self, window: int) -> list[Block]:
        """Its halves along each side that is longer than `window`; none where no side is."""
        axes = [_halves(first, side, window) for first, side in zip(self.start, self.size, strict=True)]
        pieces = [Block(*zip(*piece, strict=True)) for piece in itertools.product(*axes)]
        return pieces if len(pieces) > 1 else []


@dataclass(frozen=True)
class Leaf:
    """A block that is not split (yet), what its absence costs, and its share of what that of its elders costs."""

    block: Block
    drop: float
    share: float


def coarse(space: tuple[int, ...], cells: int) -> list[Block]:
    """An even grid of blocks."""
    whole("cells", cells)
    axes = []
    for side in space:
        count = min(cells, side)
        edges = [-(-i * side // count) for i in range(count + 1)]
        axes.append([(first, end - first) for first, end in itertools.pairwise(edges)])
    return [Block(*zip(*piece, strict=True)) for piece in itertools.product(*axes)]


def refined(
    blocks: Sequence[Block], drops: Callable[[Sequence[Block]], list[float]], window: int, samples: int
) -> tuple[list[Leaf], int, bool]:
    """The leaves, how many blocks were asked about (`samples` at most), and whether all leaves are as small as wanted.

    What none of the pieces of a block costs alone is shared by all of them evenly, so shares always sum to the same.
    """
    leaves = [Leaf(block, drop, drop) for block, drop in zip(blocks, drops(blocks), strict=True)]
    left = samples - len(blocks)
    while chosen := _next(leaves, window, left):
        pieces = [piece for _, parts in chosen for piece in parts]
        answers = iter(drops(pieces))
        left -= len(pieces)
        parents = {leaf.block for leaf, _ in chosen}
        leaves = [leaf for leaf in leaves if leaf.block not in parents]
        for leaf, parts in chosen:
            found = [next(answers) for _ in parts]
            rest = (leaf.share - sum(found)) / len(parts)
            leaves += [Leaf(piece, drop, drop + rest) for piece, drop in zip(parts, found, strict=True)]
    return leaves, samples - left, not any(leaf.block.split(window) for leaf in leaves)


def questions(space: tuple[int, ...], cells: int, window: int, samples: int) -> int:
    """The most blocks that are asked about: exact where all that are split have as many pieces."""
    whole("window", window)
    blocks = coarse(space, cells)
    below = [_below(block.size, window) for block in blocks]
    fewest = min((pieces for count, pieces in below if count), default=1)
    return len(blocks) + min(max(0, samples - len(blocks)) // fewest * fewest, sum(count for count, _ in below))


def without(game: Game, blocks: Sequence[Block]) -> Scores:
    """The score without each of the blocks, one at a time."""
    return torch.cat([scores for _, scores in game.soft(_masks(game, blocks))])


def read(game: Game, leaves: Sequence[Leaf]) -> tuple[PartScores, Float[Tensor, "*space"]]:
    """The leaves as parts of the image with their shares, and the map of what each pixel has of them."""
    numbers = game.image.new_tensor
    labels = torch.zeros(game.regions.space, dtype=torch.long)
    for i, leaf in enumerate(leaves):
        labels[leaf.block.places] = i
    parts = Regions("blocks", len(leaves), labels=labels).to(game.image.device)
    shares, volumes = numbers([leaf.share for leaf in leaves]), numbers([leaf.block.volume for leaf in leaves])
    return PartScores(parts, shares), parts.paint(shares / volumes)


def _next(leaves: Sequence[Leaf], window: int, left: int) -> list[tuple[Leaf, list[Block]]]:
    """The leaves to split in this round, with their pieces: the largest drops, of either sign, that are paid for."""
    split = [(leaf, leaf.block.split(window)) for leaf in leaves]
    waiting = sorted((pair for pair in split if 0 < len(pair[1]) <= left), key=lambda pair: -abs(pair[0].drop))
    chosen = []
    for leaf, pieces in waiting[:_AT_ONCE]:
        if len(pieces) <= left and abs(leaf.drop) >= _COMPARABLE * abs(waiting[0][0].drop):
            chosen.append((leaf, pieces))
            left -= len(pieces)
    return chosen


def _masks(game: Game, blocks: Sequence[Block]) -> Iterator[tuple[list[bytes], Masks]]:
    size = game.probe.chunks.forward
    for start in range(0, len(blocks), size):
        some = blocks[start : start + size]
        masks = torch.ones(len(some), *game.regions.space, dtype=torch.bool)
        for mask, block in zip(masks, some, strict=True):
            mask[block.places] = False
        yield [b"without" + repr(block).encode() for block in some], masks


def _halves(first: int, side: int, window: int) -> list[tuple[int, int]]:
    if side <= window:
        return [(first, side)]
    half = (side + 1) // 2
    return [(first, half), (first + half, side - half)]


@functools.cache
def _below(size: tuple[int, ...], window: int) -> tuple[int, int]:
    """Blocks that a block of this size is split into, pieces of pieces counted too; and the fewest in one split."""
    pieces = Block((0,) * len(size), size).split(window)
    if not pieces:
        return 0, 0
    below = [_below(piece.size, window) for piece in pieces]
    fewest = min([len(pieces), *(count for total, count in below if total)])
    return len(pieces) + sum(total for total, _ in below), fewest
