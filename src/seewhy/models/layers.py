"""A layer of a network: its name, and how its raw output reads as maps of the image."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import UnknownLayer, near
from .dryrun import Seen

Grid = tuple[int, ...]


@dataclass(frozen=True)
class Reading:
    """How a raw output (n, ...) becomes maps (n, k, *grid)."""

    words: str  # channels first, channels last, tokens
    grid: Grid
    start: int = 0  # tokens before those of the image
    swapped: bool = False  # tokens come before the batch

    @property
    def channel_axis(self) -> int:
        return 1 if self.words == "channels first" else -1

    def maps(self, raw: Tensor) -> Float[Tensor, "n k *grid"]:
        """The raw output, or the gradient at it, as maps."""
        if self.words == "channels first":
            return raw
        if self.words == "channels last":
            return raw.movedim(-1, 1)
        rows = raw.transpose(0, 1) if self.swapped else raw
        image = rows[:, self.start : self.start + math.prod(self.grid)].transpose(1, 2)
        return image.reshape(*image.shape[:2], *self.grid)

    def places(self, profile: Tensor) -> Tensor:
        """A number per place, from the profiles of a dry run, as (*grid)."""
        return profile if "channels" in self.words else profile[self.start :][: math.prod(self.grid)].view(self.grid)

    def __str__(self) -> str:
        return f"{self.words}, {self.start} before the image's" if self.start else self.words


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


def grid_of_count(count: int, known: Iterable[Grid], space: Sequence[int]) -> Grid | None:
    """The grid that so many places make: one that was seen before, or the one with the image's aspect ratio."""
    for grid in known:
        if math.prod(grid) == count:
            return grid
    if len(space) != 2:
        return None
    height = round(math.sqrt(count * space[0] / space[1]))
    grid = (height, count // height) if height else (0, 0)
    return grid if math.prod(grid) == count and fits(grid, space) else None


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
    if len(seen.shape) != len(space) + 2:
        return None
    options = [Reading("channels first", seen.shape[2:]), Reading("channels last", seen.shape[1:-1])]
    fitting = [option for option in options if fits(option.grid, space)]
    if len(fitting) < 2:
        return fitting[0] if fitting else None
    last = len(seen.shape) - 1
    return max(fitting, key=lambda option: upper_right(seen.change[1 if option.channel_axis == 1 else last]))


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
