"""A layer of a network: its name, and how its raw output reads as maps of the image."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import UnknownLayer, near
from .dryrun import Seen

Grid = tuple[int, ...]
CONTRAST = 0.2  # the least that tells a grid from a scrambled one, in noise that differs in the upper right


@dataclass(frozen=True)
class Reading:
    """How a raw output (n, ...) becomes maps (n, k, *grid)."""

    words: str  # channels first, channels last, tokens
    grid: Grid
    start: int = 0  # tokens before those of the image
    swapped: bool = False  # tokens come before the batch
    frames: int = 0  # of a clip, that are folded into the batch
    time_last: bool = False  # the tokens of a place come one moment after the other

    @property
    def channel_axis(self) -> int:
        return 1 if self.words == "channels first" else -1

    def maps(self, raw: Tensor) -> Float[Tensor, "n k *grid"]:
        """The raw output, or the gradient at it, as maps."""
        rows = raw.transpose(0, 1) if self.swapped else raw
        if self.frames:
            rows = rows.unflatten(0, (-1, self.frames))
        if self.words == "channels first":
            return rows.transpose(1, 2) if self.frames else rows
        if self.words == "tokens":
            rows = self.on_grid(rows, axis=-2)
        return rows.movedim(-1, 1)

    def places(self, profile: Tensor) -> Tensor:
        """A number per place, from the profiles of a dry run, as (*grid)."""
        return profile if "channels" in self.words else self.on_grid(profile, axis=-1)

    def on_grid(self, tokens: Tensor, axis: int) -> Tensor:
        """A sequence of tokens, or for each frame one, as the places of the grid; always a view."""
        inside = self.grid[1:] if self.frames else self.grid
        image = tokens.narrow(axis, self.start, math.prod(inside))
        found: Tensor = image.unflatten(axis, (*inside[1:], inside[0]) if self.time_last else inside)
        return found.movedim(axis, axis - len(inside) + 1) if self.time_last else found

    def __str__(self) -> str:
        before = f", {self.start} before the image's" if self.start else ""
        return self.words + before + ", frame by frame" * bool(self.frames) + ", time last" * self.time_last


@dataclass(frozen=True)
class LayerInfo:
    """A line of `seewhy layers MODEL`."""

    name: str
    kind: str  # class of the module
    shape: tuple[int, ...]  # of the output for one image
    grid: Grid
    reading: str
    usable: bool
    reason: str = ""  # why not, or what to know


def fits(grid: Sequence[int], space: Sequence[int]) -> bool:
    """Whether a grid can be the image at a lower resolution, with the same aspect ratio."""
    inside = all(0 < cells <= pixels for cells, pixels in zip(grid, space, strict=True))
    return inside and abs(grid[-2] / space[-2] * space[-1] - grid[-1]) < 1


def grids_of_count(count: int, known: Iterable[Grid], space: Sequence[int]) -> list[Grid]:
    """The grids that so many places make: one that was seen before, or those with the image's aspect ratio."""
    for grid in known:
        if math.prod(grid) == count:
            return [grid]
    times = [()] if len(space) == 2 else [(t,) for t in range(space[0], 0, -1) if space[0] % t == 0 == count % t]
    flat = [(*time, *_flat_grid(count // math.prod(time), space[-2:])) for time in times]
    return [grid for grid in flat if math.prod(grid) == count and fits(grid, space)]


def _flat_grid(count: int, space: Sequence[int]) -> Grid:
    height = round(math.sqrt(count * space[0] / space[1]))
    return (height, count // height) if height else (0, 0)


def token_reading(profile: Tensor, known: Iterable[Grid], space: Sequence[int], start: int = 0) -> Reading | None:
    """The tokens of a sequence from `start` on as a grid: of several that are possible the one that noise speaks for.

    The profile tells how much each token differs between two images that differ in the upper right.
    """
    options = [Reading("tokens", grid, start) for grid in grids_of_count(len(profile) - start, known, space)]
    if len(space) == 2:
        return options[0] if options else None
    options += [replace(option, time_last=True) for option in options if math.prod(option.grid[1:]) > 1]
    best = max(options, key=lambda option: upper_right(option.places(profile)), default=None)
    if best is None or len({option.grid for option in options}) == 1:
        return best
    frames = next((option for option in options if option.grid == (space[0], 1, 1)), None)
    return best if upper_right(best.places(profile)) >= CONTRAST else frames


def upper_right(places: Tensor) -> float:
    """How much stronger the upper right quarter is than the rest: 0 not at all, near 1 only there."""
    flat = places.reshape(-1, *places.shape[-2:]).mean(0)
    height, width = flat.shape
    rest = torch.ones(height, width, dtype=torch.bool)
    rest[: (height + 1) // 2, width // 2 :] = False
    if not bool(rest.any()) or not bool(flat.any()):
        return 0.0
    inner, outer = float(flat[: max(height // 2, 1), -max(width // 2, 1) :].mean()), float(flat[rest].mean())
    return (inner - outer) / (inner + outer)


def map_reading(seen: Seen, space: Sequence[int]) -> Reading | None:
    """Channels first or last, for an output with as many spatial axes as the image."""
    if len(seen.shape) != len(space) + 2 or seen.frames:
        return None
    fitting = [option for option in _either_way(seen) if fits(option.grid, space)]
    if len(fitting) < 2:
        return fitting[0] if fitting else None
    return max(fitting, key=partial(contrast, seen))


def folded_reading(seen: Seen, space: Sequence[int], times: Collection[int]) -> Reading | None:
    """The same where frames, or moments that the clip was seen to have elsewhere, may be folded into the batch."""
    if len(seen.shape) != len(space) + 1 or seen.frames not in times:
        return None
    fitting = [option for option in _either_way(seen) if fits(option.grid, space)]
    return max(fitting, key=partial(contrast, seen), default=None)


def _either_way(seen: Seen) -> list[Reading]:
    time = (seen.frames,) if seen.frames else ()
    first = Reading("channels first", (*time, *seen.shape[2:]), frames=seen.frames)
    return [first, Reading("channels last", (*time, *seen.shape[1:-1]), frames=seen.frames)]


def contrast(seen: Seen, reading: Reading) -> float:
    """How much noise that differs in the upper right speaks for a reading."""
    return upper_right(reading.places(seen.change[1 if reading.channel_axis == 1 else len(seen.shape) - 1]))


def find_name(asked: str | nn.Module, root: nn.Module) -> str:
    """The full name of a layer given by name, by the end of its name, or as the module itself."""
    names: dict[str, nn.Module] = dict(root.named_modules())
    names.pop("", None)
    if isinstance(asked, nn.Module):
        found = [name for name, module in names.items() if module is asked]
        if not found:
            raise UnknownLayer(
                f"This {type(asked).__name__} is not a part of the model.", fix="give one of model.named_modules()."
            )
        return found[0]
    if asked in names:
        return asked
    ends = [name for name in names if name.endswith(f".{asked}")]
    if len(ends) == 1:
        return ends[0]
    if ends:
        raise UnknownLayer(
            f"The layer {asked!r} stands for {len(ends)} layers: {', '.join(ends[:4])}{' ...' * (len(ends) > 4)}.",
            fix="give the full name.",
        )
    raise UnknownLayer(
        f"The model has no layer {asked!r}.{near(asked, names)}", fix="choose one of `seewhy layers MODEL`."
    )
