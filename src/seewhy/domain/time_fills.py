"""Absence in time: what other frames show at the same place stands in for what is taken away.

A place counts as kept where a soft mask keeps more than half of it. A place that no frame keeps shows the clip's mean
colour. `Held` is what is often done, and the worst of these: no method takes it by itself.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from .baseline import Baseline, Fill, Mean, blurred
from .clip_regions import space_of_clip
from .ranges import positive
from .shapes import Masks

Clip = Float[Tensor, "c t h w"]
Frame = Int[Tensor, "n t rows columns"]  # a number of a frame for each place; rows and columns 1 where all are alike


class OtherFrames(Baseline):
    """Fills that are read in kept frames, along the line that a place makes through time."""

    adaptive: ClassVar[bool] = True

    def fill(self, image: Float[Tensor, "c *space"]) -> Fill:
        space_of_clip(image, f"{type(self).__name__} fills")
        return Mean().fill(image)

    def complete(self, image: Float[Tensor, "c *space"], masks: Masks) -> Float[Tensor, "n c *space"]:
        nothing, lines = self.fill(image), lines_of(masks)
        return torch.where(lines.any(dim=1, keepdim=True)[:, None], self.between(image, lines), nothing)

    @abstractmethod
    def between(self, clip: Clip, kept: Bool[Tensor, "n t rows columns"]) -> Float[Tensor, "n c t h w"]:
        """What to show in all frames, given where something is kept; lines on which nothing is do not matter."""


@dataclass(frozen=True)
class Frozen(OtherFrames):
    """The nearest kept frame, earlier or later; of two that are equally near the one that `tie` says."""

    tie: Literal["earlier", "later"] = "earlier"

    def between(self, clip: Clip, kept: Bool[Tensor, "n t rows columns"]) -> Float[Tensor, "n c t h w"]:
        before, after = neighbours(kept)
        now = torch.arange(kept.shape[1], device=kept.device)[:, None, None]
        late = (now - before) - (after - now)
        return read(clip, torch.where(late > 0 if self.tie == "earlier" else late >= 0, after, before))


@dataclass(frozen=True)
class Held(OtherFrames):
    """The last kept frame, which stands still; before the first one this."""

    def between(self, clip: Clip, kept: Bool[Tensor, "n t rows columns"]) -> Float[Tensor, "n c t h w"]:
        return read(clip, neighbours(kept)[0])


@dataclass(frozen=True)
class Interpolated(OtherFrames):
    """A fade from the kept frame before to the one after; at the ends the nearest."""

    def between(self, clip: Clip, kept: Bool[Tensor, "n t rows columns"]) -> Float[Tensor, "n c t h w"]:
        before, after = neighbours(kept)
        return torch.lerp(read(clip, before), read(clip, after), progress(before, after).to(clip)[:, None])


@dataclass(frozen=True)
class Background(OtherFrames):
    """The median of all frames that keep the place, in each channel: what moves through is gone."""

    def between(self, clip: Clip, kept: Bool[Tensor, "n t rows columns"]) -> Float[Tensor, "n c t h w"]:
        seen = torch.where(kept[:, None], clip, torch.nan)
        ordered, count = seen.sort(dim=2).values, kept.sum(dim=1)[:, None, None]  # NaN comes last
        lower, upper = ((count - 1).clamp(min=0) // 2, (count // 2).clamp(max=clip.shape[1] - 1))
        middle = [ordered.gather(2, at.expand(*ordered.shape[:2], 1, *ordered.shape[3:])) for at in (lower, upper)]
        return ((middle[0] + middle[1]) / 2).expand(-1, -1, clip.shape[1], -1, -1)


@dataclass(frozen=True)
class Smeared(Baseline):
    """The clip itself, blurred along time and space: sigmas as shares of its length and of its shorter side."""

    time: float = 0.1
    space: float = 0.0

    def __post_init__(self) -> None:
        positive("time", self.time)
        positive("space", self.space, or_zero=True)

    def fill(self, image: Float[Tensor, "c *space"]) -> Fill:
        frames, *sides = space_of_clip(image, "Smeared fills")
        along = blurred(image.movedim(1, -1), self.time * frames).movedim(-1, 1)
        if self.space > 0:
            sigma = self.space * min(sides)
            along = blurred(blurred(along, sigma).transpose(-1, -2), sigma).transpose(-1, -2)
        return along[None]


def lines_of(masks: Masks) -> Bool[Tensor, "n t rows columns"]:
    """Where something is kept; a single place stands for all where whole frames are kept or not."""
    kept = masks > 0.5 if masks.dtype != torch.bool else masks
    first = kept[:, :, :1, :1]
    return first if bool((kept == first).all()) else kept


def neighbours(kept: Bool[Tensor, "n t rows columns"]) -> tuple[Frame, Frame]:
    """For each place the kept frame at or before it, and at or after it; beyond the ends the one there is."""
    count = kept.shape[1]
    now = torch.arange(count, device=kept.device)[:, None, None].expand(kept.shape)
    before = torch.where(kept, now, -1).cummax(dim=1).values
    after = torch.where(kept, now, count).flip(1).cummin(dim=1).values.flip(1)
    none = (before < 0) & (after == count)
    before, after = torch.where(before < 0, after, before), torch.where(after == count, before, after)
    return torch.where(none, now, before), torch.where(none, now, after)


def progress(before: Frame, after: Frame) -> Float[Tensor, "n t rows columns"]:
    """How far a frame is on the way from the kept one before to the one after."""
    now = torch.arange(before.shape[1], device=before.device)[:, None, None]
    return (now - before) / (after - before).clamp(min=1)


def read(clip: Clip, frame: Frame) -> Float[Tensor, "n c t h w"]:
    """Each place as another frame shows it."""
    if frame.shape[2:] == (1, 1):
        return clip.transpose(0, 1)[frame[:, :, 0, 0]].transpose(1, 2).contiguous()  # networks may call view
    where = frame[:, None].expand(-1, len(clip), -1, *clip.shape[2:])
    return clip.expand(len(frame), *clip.shape).gather(2, where)
