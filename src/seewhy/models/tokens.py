"""The tokens of a vision transformer: which belong to the image, which the head reads, and how to leave some out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ..errors import BadOption
from .divided import among
from .dryrun import DryRun, Seen, SeenCall
from .layers import CONTRAST, Grid, Reading, token_reading, upper_right
from .sample import BATCH
from .steps import Step
from .watch import tensor_of, with_tensor

TOLD = {"windows": "in windows", "pooled": "between grids of different size"}


@dataclass(frozen=True, eq=False)
class TokenGrid:
    """The token sequence: `prefix` extra tokens, the image's grid row by row, perhaps more extra tokens."""

    prefix: int
    grid: Grid
    count: int  # of all tokens
    blocks: int  # attention calls over all tokens
    pools: bool  # the head attends to the tokens with a query of its own
    reads: str  # what the head reads: class token, extra tokens, mean of patches, attention pool, tokens and patches
    readout: Float[Tensor, " tokens"]  # share of each token in what the head reads; they add up to one
    attending: str  # module that runs the first attention
    around: tuple[str, ...]  # modules around it that receive the tokens, innermost first
    final: str  # last module that holds all tokens
    after: tuple[str, ...]  # modules that give the tokens behind each block; none where they were not found
    entrance: str | None = None  # module before which tokens can be left out; None: they cannot
    time_last: bool = False  # the tokens of a place come one moment after the other
    parts: tuple[Step, ...] = ()  # each attention, where not all are over the whole sequence

    @property
    def patches(self) -> int:
        return math.prod(self.grid)

    @property
    def reading(self) -> Reading:
        """How the tokens make the grid."""
        return Reading("tokens", self.grid, self.prefix, time_last=self.time_last)

    def on_grid(self, rows: Float[Tensor, "b tokens"]) -> Float[Tensor, "b *grid"]:
        """A number per token as a map of the image; extra tokens are left out."""
        return self.reading.on_grid(rows, axis=-1)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Each attention, the first block's first."""
        return self.parts or (Step.joint(self.reading, self.count),) * self.blocks

    @property
    def told(self) -> str:
        """What was done to put attention together over all tokens, where its steps are not between the same ones."""
        looks = {step.look for step in self.parts}
        ways = [words for look, words in TOLD.items() if look in looks]
        merges = any(step.merged or step.values for step in self.parts)
        means = " Where cells are merged or pooled on the way, each counts as the mean of what it covers."
        return f"Attention {' and '.join(ways)} was put together over the grid.{means * merges}" if ways else ""

    @property
    def why_not_joint(self) -> str:
        """Why methods that need every attention over the one sequence of tokens cannot have that; '' where they can."""
        looks = {step.look for step in self.parts}
        if not looks:
            return ""
        if looks <= {"time", "space"}:
            return f"its {self.blocks} attentions are divided into time and space"
        ways = [words for look, words in TOLD.items() if look in looks]
        return f"its {self.blocks} attentions look {' and '.join(ways)}, not over one sequence of tokens"

    def grouped(self, blocks: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Raw attentions with one row for each image: where they look in groups, these are an axis of their own."""
        return tuple(step.grouped(block) for step, block in zip(self.steps, blocks, strict=True))


def find_tokens(run: DryRun, known: Sequence[Grid]) -> TokenGrid | str:
    """The token grid, or the reason why there is none."""
    if any(run.seen[name].looped for call in run.calls for name in call.inside):
        return "its attention looks at frames one after the other"
    blocks, pools = split_calls([call.shape for call in run.calls], BATCH)
    if isinstance(blocks, str):
        divided = len(run.space) == 3 and bool(run.calls) and run.calls[0].change is not None
        return _divided(run, known, why=blocks) if divided else blocks
    first, count = run.calls[0], run.calls[0].shape[2]
    around = [seen for seen in _around(run, first) if seen.given[1] == count]
    if not around:
        return "its attention runs inside a convolutional network, not over a sequence of tokens"
    place = place_of(around[0], known, run.space)
    if isinstance(place, str):
        return place
    return _token_grid(run, around, place, blocks, pools=bool(pools))


def _token_grid(run: DryRun, around: Sequence[Seen], place: Reading, blocks: int, *, pools: bool) -> TokenGrid:
    """What is known of the sequence that the modules around the first attention are given."""
    first, count = run.calls[0], around[0].given[1]
    final = _final(run, count, first)
    reads, readout = _readout(final.slope.get(2), place, pools)
    return TokenGrid(
        prefix=place.start,
        grid=place.grid,
        count=count,
        blocks=blocks,
        pools=pools,
        reads=reads,
        readout=readout,
        attending=first.inside[-1],
        around=tuple(seen.name for seen in around if seen.name),
        final=final.name,
        after=_ends(run, blocks, count),
        time_last=place.time_last,
    )


def chained(
    run: DryRun, around: Sequence[Seen], final: Seen, given: Reading, gives: Reading, parts: Sequence[Step]
) -> TokenGrid:
    """The tokens of the first grid of a chain, that end in those of the last one."""
    axis = 1 if gives.words == "channels first" else len(final.shape) - 1
    slope = final.slope.get(axis)
    reads, readout = _readout(None if slope is None else slope.flatten(), gives, pools=False)
    return TokenGrid(
        prefix=given.start,
        grid=given.grid,
        count=given.start + math.prod(given.grid),
        blocks=len(parts),
        pools=False,
        reads=reads,
        readout=readout,
        attending=run.calls[0].inside[-1],
        around=tuple(seen.name for seen in around),
        final=final.name,
        after=(),
        parts=tuple(parts),
    )


def _around(run: DryRun, call: SeenCall) -> list[Seen]:
    """The modules around an attention that are given a sequence, innermost first."""
    around = [run.seen[name] for name in reversed(call.inside)]
    return [s for s in around if s.given[:1] == (BATCH,) and len(s.given) == 3 and s.given_change is not None]


def _divided(run: DryRun, known: Sequence[Grid], *, why: str) -> TokenGrid | str:
    """The token grid where each attention looks at one place at all moments, or at one moment at all places."""
    around = _around(run, run.calls[0])
    place = place_of(around[0], known, run.space) if around else why
    if isinstance(place, str):
        return why
    found = [among(call, place, around[0].given[1]) for call in run.calls]
    parts = tuple(step for step in found if step is not None)
    if len(parts) < len(found):
        return why
    return replace(_token_grid(run, around, place, len(parts), pools=False), parts=parts)


def split_calls(shapes: Sequence[tuple[int, ...]], batch: int) -> tuple[int | str, int]:
    """How many attentions run over one and the same set of tokens, and how many pool it at the end."""
    if not shapes:
        return "it has no attention, or computes it in an unknown way", 0
    rows, to, count = shapes[0][0], shapes[0][-2], shapes[0][-1]
    if rows != batch or len(shapes[0]) != 4:
        return f"its attention looks at windows of {count} positions, not at all tokens", 0
    if to != count:
        return f"its first attention has {to} queries for {count} keys, so tokens are pooled on the way", 0
    blocks = 0
    for shape in shapes:
        if shape != (batch, shape[1], count, count):
            break
        blocks += 1
    pools = shapes[blocks:]
    if len(pools) > 1 or any(shape[0] != batch or shape[-2] >= min(shape[-1], 8) for shape in pools):
        other = shapes[blocks]
        return (
            f"its attentions look at different tokens: {count} to {count} at first, later {other[-2]} to {other[-1]} "
            f"in {other[0] // batch} groups"
        ), 0
    return blocks, len(pools)


def place_of(block: Seen, known: Sequence[Grid], space: Sequence[int]) -> Reading | str:
    """Where the image's tokens are: those that change with the image, in the order of the image."""
    change = block.given_change
    assert change is not None
    image = (change > 1e-5 * change.max()).nonzero()[:, 0]
    count = len(image)
    if not count:
        return "none of its tokens changes with the image"
    if int(image[-1] - image[0]) + 1 != count:
        return "extra tokens stand between the image's tokens"
    reading = token_reading(change[: int(image[-1]) + 1], known, space, start=int(image[0]))
    if reading is None:
        return f"its {count} image tokens make no grid of the image's aspect ratio"
    if min(reading.grid[-2:]) > 1 and upper_right(reading.places(change)) < CONTRAST:
        return "its tokens are not in the order of the image"
    return reading


def _final(run: DryRun, count: int, first: SeenCall) -> Seen:
    """The last module that gives all tokens to the rest of the network."""
    whole = [
        seen
        for seen in run.seen.values()
        if seen.shape[:2] == (BATCH, count)
        and len(seen.shape) == 3
        and seen.runs == 1
        and not (seen.leaf and seen.linear)
        and seen.name not in first.inside[-1:]
        and _alive(seen)
    ]
    return whole[-1] if whole else run.seen[first.inside[-1]]


def _ends(run: DryRun, blocks: int, count: int) -> tuple[str, ...]:
    """For each block the outermost module that holds all tokens and runs no other attention.

    Each must be given what the one before gave: an attention whose skip connection is written beside it is no block.
    """
    found: list[Seen] = []
    for call in run.calls[:blocks]:
        others = {name for other in run.calls if other is not call for name in other.inside}
        seen = [run.seen[name] for name in call.inside if name not in others]
        whole = [s for s in seen if s.name and len(s.shape) == 3 and s.shape[:2] == (BATCH, count) and s.runs == 1]
        if not whole or (found and not _hands_on(found[-1], whole[0])):
            return ()
        found.append(whole[0])
    return tuple(seen.name for seen in found) if len(found) > 1 else ()


def _hands_on(one: Seen, other: Seen) -> bool:
    """Whether what a module gave is what the next one was given, as far as the two rows of noise tell."""
    gave, given = one.change.get(2), other.given_change
    return gave is not None and given is not None and gave.shape == given.shape and torch.allclose(gave, given)


def _alive(seen: Seen) -> bool:
    return 2 in seen.slope and bool((seen.slope[2] > 0).any())


def _readout(slope: Tensor | None, place: Reading, pools: bool) -> tuple[str, Tensor]:
    if slope is None:
        slope = torch.ones(place.start + math.prod(place.grid))
    share = slope / slope.sum()
    image = torch.zeros_like(share, dtype=torch.bool)
    image[place.start : place.start + math.prod(place.grid)] = True
    read = share > 1e-6 * share.max()
    if pools:
        return "attention pool", share
    if not bool(read[image].any()):
        return "class token" if int(read.sum()) == 1 else "extra tokens", read.float() / read.sum()
    if not bool(read[~image].any()):
        return "mean of patches", image.float() / image.sum()
    return "tokens and patches", share


@contextmanager
def dropping(module: nn.Module, tokens: TokenGrid, keep: Int[Tensor, "n kept"]) -> Iterator[None]:
    """Only the patches in `keep`, and all extra tokens, enter the first block during the calls inside."""
    if keep.ndim != 2 or (keep.numel() and not 0 <= int(keep.min()) <= int(keep.max()) < tokens.patches):
        raise BadOption(
            f"Patches to keep must be a table of indices below {tokens.patches}, not {tuple(keep.shape)}.",
            fix="give keep of shape (n, kept).",
        )
    with rewriting(module, tokens, lambda sequence: kept_tokens(sequence, tokens, keep)):
        yield


@contextmanager
def rewriting(module: nn.Module, tokens: TokenGrid, change: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """The sequence of tokens is changed where it enters the first block."""
    assert tokens.entrance is not None

    def hook(_module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, Any]:
        if tensor_of(args) is not None:
            return with_tensor(args, change), kwargs
        return args, with_tensor(kwargs, change)

    handle = module.get_submodule(tokens.entrance).register_forward_pre_hook(hook, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()


def kept_tokens(sequence: Float[Tensor, "n tokens k"], tokens: TokenGrid, keep: Int[Tensor, "n kept"]) -> Tensor:
    """The sequence without the patches that are not in `keep`."""
    if sequence.shape[1] != tokens.count or len(keep) not in (1, len(sequence)):
        raise BadOption(
            f"{len(keep)} rows of patches to keep do not fit a sequence of shape {tuple(sequence.shape)}.",
            fix=f"give one row for each image, for {tokens.patches} patches.",
        )
    rows = keep.to(sequence.device).expand(len(sequence), -1)
    end = tokens.prefix + tokens.patches
    patches = sequence[:, tokens.prefix : end].gather(1, rows[:, :, None].expand(-1, -1, sequence.size(2)))
    return torch.cat([sequence[:, : tokens.prefix], patches, sequence[:, end:]], dim=1)
