"""Where one shot ends and the next begins: cuts, told from motion, flashes and fades by colours and layout."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from .clip_regions import space_of_clip
from .parts import Regions
from .ranges import positive

BINS = 8  # of each channel's histogram
PLACES = 4  # of the coarse picture, along each side
REACH = 3  # frames on either side: what is back after fewer frames was a flash, not a cut
Looks = Float[Tensor, "t d"]
AROUND = 8  # frames on either side that tell what is usual


def cuts(clip: Float[Tensor, "c t h w"], *, contrast: float = 4.0, least: float = 0.05) -> list[int]:
    """The first frame of each shot but the first."""
    return cuts_of(looks(clip), contrast=contrast, least=least)


def cuts_of(frames: Looks, *, contrast: float, least: float) -> list[int]:
    """The same from what was kept of each frame.

    A cut changes the frames at once and for good: by at least `least` of what a change can be, and by `contrast` times
    the usual change around it.
    """
    changes = lasting_changes(frames)
    found = []
    for at in (changes >= least).nonzero()[:, 0].tolist():
        others = torch.cat([changes[max(0, at - AROUND) : at], changes[at + 1 : at + 1 + AROUND]])
        usual = float(others.median()) if len(others) else 0.0
        if float(changes[at]) >= contrast * usual:
            found.append(at + 1)
    return found


def lasting_changes(frames: Looks) -> Float[Tensor, " pairs"]:
    """For each two neighbours how much changes from the frames before to the frames behind: the least of all pairs."""
    found = frames.new_full((max(len(frames) - 1, 0),), torch.inf)
    for gap in range(1, 2 * REACH):
        change = (frames[gap:] - frames[:-gap]).abs().sum(dim=1)  # from each frame to the one so much later
        for before in range(max(0, gap - REACH), min(REACH, gap)):
            if len(change):
                found[before : before + len(change)] = found[before : before + len(change)].minimum(change)
    return found


def looks(clip: Float[Tensor, "c t h w"]) -> Looks:
    """What is kept of each frame: how far two lie apart (L1), from 0 to 1, is the mean of two changes.

    One is that of the colours, wherever they are, the other that of a coarse picture.
    """
    return torch.cat([_histograms(clip) / 4, _layout(clip) / 2], dim=1)


def _histograms(clip: Tensor) -> Float[Tensor, "t bins"]:
    """How often each level of each channel occurs in a frame, softly, so that a little more light moves little."""
    return torch.stack([_histogram(frame) for frame in clip.detach().cpu().unbind(1)])  # one frame fits a cache


def _histogram(frame: Float[Tensor, "c h w"]) -> Float[Tensor, " bins"]:
    """Each value counts for the two levels that it lies between, the more the nearer it is."""
    levels = frame.flatten(1).clamp(0, 1).double() * (BINS - 1)
    below = levels.floor().clamp(max=BINS - 2)
    bins, share = (below.long() + BINS * torch.arange(len(frame))[:, None]).flatten(), (levels - below).flatten()
    count = BINS * len(frame)
    return (torch.bincount(bins, 1 - share, count) + torch.bincount(bins + 1, share, count)) / levels.numel()


def _layout(clip: Tensor) -> Float[Tensor, "t places"]:
    """The frame in a few pixels, less its mean, each pixel's share of the whole."""
    small = functional.adaptive_avg_pool2d(clip.detach().double().cpu().transpose(0, 1), PLACES).flatten(1)
    return (small - small.mean(dim=1, keepdim=True)) / small.shape[1]


@dataclass(frozen=True)
class Shots:
    """Each shot is a part; see `cuts` for the two numbers."""

    contrast: float = 4.0
    least: float = 0.05

    def __post_init__(self) -> None:
        positive("contrast", self.contrast)
        positive("least", self.least)

    def of(self, image: Tensor, patches: tuple[int, ...] | None = None) -> Regions:
        space = space_of_clip(image, "Shots")
        starts = torch.tensor(cuts(image, contrast=self.contrast, least=self.least), dtype=torch.long)
        shot = torch.bucketize(torch.arange(space[0]), starts, right=True)
        return Regions("shots", len(starts) + 1, labels=shot[:, None, None].expand(space))
