"""Attention in windows, or between grids of different size, read as a chain of steps: found on noise, and tried."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import SeewhyError
from .dryrun import DryRun, Seen, SeenCall
from .layers import Grid, Reading, map_reading
from .outputs import out_of_memory
from .sample import BATCH
from .steps import Look, Pooling, Step
from .tokens import TokenGrid, chained, place_of
from .trial import Trial
from .windows import windows_of

KERNELS = (nn.Conv2d, nn.Conv3d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool2d, nn.AvgPool3d)


@dataclass(frozen=True)
class Link:
    """The block around one attention: the grids of what it is given and gives, and the module inside that attends."""

    call: SeenCall
    block: Seen
    holder: Seen
    given: Reading
    gives: Reading

    @property
    def windowed(self) -> bool:
        """Whether it looks in groups, or in one that is larger than the grid."""
        rows, *_, to, among = self.call.shape
        return rows > BATCH or (to == among and to > self.given.start + math.prod(self.given.grid))


def find_chain(
    module: nn.Module, ask: Callable[[Tensor], Tensor], run: DryRun, known: Sequence[Grid], *, why: str
) -> TokenGrid | str:
    """The tokens of the first grid with a step for each attention; the reason where they make no chain."""
    links = _links(module, run, known)
    if isinstance(links, str):
        return f"{why}, and {links}" if links else why
    merged = [_merging(one, other) for one, other in itertools.pairwise(links)]
    if None in merged:
        return f"{why}, and between its blocks a grid becomes another one that is not made of its cells"
    trial = Trial(module, links, [m.coarse for m in merged if m is not None])
    try:
        with torch.no_grad(), trial:
            ask(run.images)
    except (SeewhyError, RuntimeError, ValueError) as error:
        if out_of_memory(error):
            raise
        return f"{why}, and its blocks could not be tried one by one"
    if not all(trial.handed_on):
        return f"{why}, and between its blocks places are mixed in another way"
    steps = [_step(module, run, link, trial.changed(i), trial.cells[i]) for i, link in enumerate(links)]
    found = [step for step in steps if step is not None]
    if len(found) < len(steps):
        return f"{why}, and how the places of {links[steps.index(None)].holder.name!r} are divided was not found"
    pools = [None, *(m if m is not None and m.fine != m.coarse else None for m in merged)]
    parts = tuple(replace(step, merged=pool) for step, pool in zip(found, pools, strict=True))
    around = [links[0].holder, links[0].block]
    return chained(run, around, links[-1].block, links[0].given, links[-1].gives, parts)


# -- the blocks


def _links(module: nn.Module, run: DryRun, known: Sequence[Grid]) -> list[Link] | str:
    """The blocks, one around each attention, with their grids, or the reason why they were not found."""
    links: list[Link] = []
    for call in run.calls:
        if len(call.shape) != 4:
            return "how it divides them was not found"
        blocks = _blocks(call, run)
        if not blocks:
            return "no module holds one attention with what goes past it"
        block = blocks[0]
        mixer = _mixing(module, run, block, call)
        if mixer:
            return f"{mixer!r} mixes places beside the attention"
        link = _link(module, run, known, call, blocks, links[-1] if links else None)
        if isinstance(link, str):
            return link
        links.append(link)
    return links or ""


def _blocks(call: SeenCall, run: DryRun) -> list[Seen]:
    """The outermost module with this attention alone that gives what it is given, and those inside given the same."""
    others = {name for other in run.calls if other is not call for name in other.inside}
    axes = (3, len(run.space) + 2)
    around = [
        seen
        for seen in (run.seen[name] for name in call.inside if name and name not in others)
        if seen.runs == 1 and seen.given[:1] == (BATCH,) and len(seen.given) in axes and seen.given != call.shape
    ]
    whole = [i for i, seen in enumerate(around) if _gives_back(seen, call)]
    if not whole:
        return []
    block = around[whole[0]]
    return [block, *(seen for seen in around[whole[0] + 1 :] if _tokens(seen.given) == _tokens(block.given))]


def _gives_back(seen: Seen, call: SeenCall) -> bool:
    """Whether a module gives places as it is given, or as many as its attention has queries."""
    if len(seen.shape) != len(seen.given):
        return False
    pooled = call.shape[0] == BATCH and seen.shape[1] == call.shape[-2]
    return seen.shape == seen.given or (len(seen.shape) == 3 and (seen.shape[1] == seen.given[1] or pooled))


def _tokens(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[:2] if len(shape) == 3 else shape


def _mixing(module: nn.Module, run: DryRun, block: Seen, call: SeenCall) -> str:
    """A kernel in a block, outside of its attention, that mixes neighbours and keeps their grid."""
    for name, seen in run.seen.items():
        part, axes = module.get_submodule(name), len(run.space)
        inside = name.startswith(f"{block.name}.") and not name.startswith(f"{call.inside[-1]}.")
        wide = isinstance(part, KERNELS) and max(_each(part.kernel_size, axes)) > 1
        if inside and wide and seen.given[-axes:] == seen.shape[-axes:]:
            return name
    return ""


def _link(
    module: nn.Module, run: DryRun, known: Sequence[Grid], call: SeenCall, blocks: Sequence[Seen], before: Link | None
) -> Link | str:
    block, holder = blocks[0], blocks[-1]
    given = _grid_of(block, run, known, None if before is None else before.gives)
    if given is None:
        return f"{block.name!r} holds no grid of the image"
    link = Link(call, block, holder, given, given)
    if link.windowed or call.shape[-2] == given.start + math.prod(given.grid):
        return link
    pool = _pooling(module, run, block.name, given, call.shape[-2])
    if pool is None:
        return f"what pools the tokens of {block.name!r} was not found"
    return replace(link, gives=replace(given, grid=pool.coarse))


def _grid_of(block: Seen, run: DryRun, known: Sequence[Grid], before: Reading | None) -> Reading | None:
    """The grid of what a block is given: read from its axes, or from the grid that the block before gave."""
    if len(block.given) > 3:
        return map_reading(block, run.space)
    if before is None:
        place = place_of(block, known, run.space)
        return place if isinstance(place, Reading) and not place.time_last else None
    cells = block.given[1] - before.start
    flat = len(run.space) - 2
    for fewer in ((0, 0), (flat, 2), (0, 2)):  # as it is, halved in height and width, halved along all axes
        grid = tuple(-(-n // (fewer[1] or 1)) if i >= fewer[0] else n for i, n in enumerate(before.grid))
        if math.prod(grid) == cells:
            return replace(before, grid=grid)
    return None


def _pooling(module: nn.Module, run: DryRun, holder: str, given: Reading, tokens: int) -> Pooling | None:
    """The kernel inside a module that makes so many tokens of its grid; of several the last that ran."""
    found = None
    for name, seen in run.seen.items():
        part, axes = module.get_submodule(name), len(given.grid)
        if not name.startswith(f"{holder}.") or not isinstance(part, KERNELS):
            continue
        coarse = seen.shape[-axes:]
        if seen.given[-axes:] == given.grid and given.start + math.prod(coarse) == tokens and _plain(part):
            size, stride, padding = (_each(getattr(part, key), axes) for key in ("kernel_size", "stride", "padding"))
            found = Pooling(given.grid, coarse, size, stride, padding, given.start)
    return found


def _plain(part: Any) -> bool:
    """Whether a kernel's cells lie side by side, beyond borders that hold nothing."""
    dilation = getattr(part, "dilation", 1)
    return set(_each(dilation, 1)) == {1} and not isinstance(part.padding, str)


def _each(value: Any, axes: int) -> Grid:
    return (value,) * axes if isinstance(value, int) else tuple(value)


def _merging(one: Link, other: Link) -> Pooling | None:
    """How the grid that a block gives becomes the one that the next is given."""
    if one.gives.start != other.given.start or (one.gives.start and one.gives.grid != other.given.grid):
        return None
    return Pooling.between(one.gives.grid, other.given.grid)


# -- the steps


def _step(module: nn.Module, run: DryRun, link: Link, changed: Tensor | None, cells: Tensor) -> Step | None:
    given, gives = (r.start + math.prod(r.grid) for r in (link.given, link.gives))
    reading = Reading("tokens", link.given.grid, link.given.start)
    if link.windowed:
        members = None if changed is None else windows_of(link.given.grid, changed, cells)
        return None if members is None else Step(members, members, reading, "windows", (given, given))
    keys = link.call.shape[-1]
    past = _pooling(module, run, link.block.name, link.given, gives) if gives != given else None
    values = _pooling(module, run, link.call.inside[-1], link.given, keys)
    if values is None and keys != given:
        return None
    asking, asked = (torch.arange(count)[None] for count in (gives, keys))
    look: Look = "pooled" if values or past else "all"
    return Step(asking, asked, reading, look, (gives, keys), values, past)
