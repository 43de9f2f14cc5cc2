"""Clips changed on purpose: frames repeated, turned round, cut out or blurred; each edit is a question to a model."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..errors import BadOption
from .baseline import Baseline, Blur, Inpaint
from .ranges import positive, whole
from .time_fills import Background, Frozen, Interpolated
from .whole_frames import Resampled

Frames = Float[Tensor, "c t h w"]
Other = Float[Tensor, "_ _ _ _"]  # a clip of whatever shape
Place = Bool[Tensor, "t h w"]  # where something is, frame by frame
Kept = Bool[Tensor, " t"]  # frames that are still there
Edit = Callable[[Tensor], Tensor]  # from a clip to another one of its shape


# -- time: the same pictures at other moments


def still(clip: Frames, frame: int) -> Frames:
    """One frame, shown all the time."""
    return clip[:, [frame]].expand_as(clip)


def frozen(clip: Frames, start: int) -> Frames:
    """The clip up to a frame that then stands still."""
    return clip[:, torch.arange(clip.shape[1]).clamp(max=start)]


def backwards(clip: Frames) -> Frames:
    """The last frame first."""
    return clip.flip(1)


def at_speed(clip: Frames, speed: float) -> Frames:
    """As many frames at another speed, none of them mixed.

    Slower: the middle stretch, its frames repeated. Faster: frames are left out, and the clip begins again at its end.
    """
    positive("speed", speed)
    count = clip.shape[1]
    positions = (torch.arange(count) + 0.5) * speed + max(0.0, (count - count * speed) / 2)
    return clip[:, positions.floor().long() % count]


def shuffled(clip: Frames, order: Sequence[int]) -> Frames:
    """The clip cut into as many segments as the order names, these in that order."""
    pieces = segments(clip.shape[1], len(order))
    return torch.cat([clip[:, pieces[i]] for i in order], dim=1)


def segments(frames: int, count: int) -> list[slice]:
    """Segments of nearly equal length, one after the other."""
    whole("segments", count)
    if count > frames:
        raise BadOption(f"{frames} frames cannot be cut into {count} segments.", fix=f"give {frames} at most.")
    edges = [-(-k * frames // count) for k in range(count + 1)]  # as regions divide an axis
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


def orders(count: int, draws: int, seed: int = 0) -> list[tuple[int, ...]]:
    """Different orders of segments other than their own: seeded draws, or all where these are no more."""
    own = tuple(range(count))
    if math.factorial(min(count, 20)) - 1 <= draws:
        return [order for order in itertools.permutations(own) if order != own]
    generator, found = np.random.default_rng(seed), {own: None}
    while len(found) <= draws:
        found.setdefault(tuple(generator.permutation(count).tolist()))
    return list(found)[1:]


def joined(first: Frames, second: Other) -> Frames:
    """The middle half of one clip, then that of another: two answers, each in its half."""
    if first.shape != second.shape:
        raise BadOption(
            f"Clips of shape {tuple(first.shape)} and {tuple(second.shape)} cannot be joined.",
            fix="give clips of one shape.",
        )
    count = first.shape[1]
    lengths = count // 2, count - count // 2
    halves = zip((first, second), lengths, strict=True)
    return torch.cat([clip[:, (count - long) // 2 :][:, :long] for clip, long in halves], dim=1)


# -- frames taken away

CUTS: Mapping[str, Baseline] = {
    "frozen": Frozen(),
    "interpolated": Interpolated(),
    "resampled": Resampled(),
    "blur": Blur(),
}


def cut(clip: Frames, kept: Kept, fill: Baseline) -> Frames:
    """Only these frames are left, and something stands in for the others."""
    if not bool(kept.any()):
        raise BadOption("No frame of the clip would be left.", fix="keep at least one.")
    mask = kept.to(clip.device)[None, :, None, None].expand(1, *clip.shape[1:])
    return fill.shown(clip, mask)[0]


# -- space: a thing and what is behind it


def blurred(clip: Frames, where: Place, sigma: float = 0.1) -> Frames:
    """Blurred there; `sigma` is a share of the shorter side."""
    return torch.where(where, Blur(sigma).fill(clip)[0], clip)


def emptied(clip: Frames, thing: Place) -> Frames:
    """The thing gone: in its place what these pixels show while it is elsewhere, for a camera that stands still.

    The median over the frames without it; where it always is, a smooth continuation of what is around.
    """
    behind, around = (fill.complete(clip, ~thing[None])[0] for fill in (Background(), Inpaint()))
    return torch.where(thing, torch.where(thing.all(dim=0), around, behind), clip)


def always(thing: Place) -> float:
    """The share of the thing's pixels that no frame shows without it."""
    return float((thing.all(dim=0) & thing).sum() / thing.sum().clamp(min=1))


def alone(clip: Frames, thing: Place) -> Frames:
    """The thing on the mean colour of all that is around it."""
    around = clip[:, ~thing].mean(dim=1)[:, None, None, None]
    return torch.where(thing, clip, around)


def moved_to(clip: Frames, thing: Place, scene: Other) -> Frames:
    """The thing in front of another clip."""
    if scene.shape != clip.shape:
        raise BadOption(
            f"The other scene has shape {tuple(scene.shape)}, the clip {tuple(clip.shape)}.",
            fix="give a clip that the same model takes.",
        )
    return torch.where(thing, clip, scene)
