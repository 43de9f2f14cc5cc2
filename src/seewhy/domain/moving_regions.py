"""Parts of a clip that follow what it shows: supervoxels, superpixels that move along, and tracked regions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..errors import BadOption, MissingPackage
from .clip_regions import space_of_clip
from .optical_flow import flow, followed, places, warped
from .parts import Regions, from_labels
from .ranges import positive, whole
from .shots import cuts

MOST = 220_000  # voxels that are clustered: a larger clip is looked at in coarser pixels
SEEN, ROUNDS, BLOCK = 32_768, 8, 4096  # voxels that the centres are found on, rounds, rows at once (they fit a cache)
COLOUR, TIME, MOTION, APART = 30.0, 0.5, 6.0, 1e4  # pixels of distance: full colour, a frame, a pixel per frame, a cut

Pixels = Float[Tensor, "t c h w"]
Labels = Int[Tensor, "t h w"]


@dataclass(frozen=True)
class Supervoxels:
    """About `count` compact pieces of like colour in space and time (SLIC): they stand still where things move.

    A frame is as far from the next as `spacing` pixels are apart.
    """

    count: int = 200
    compactness: float = 10.0
    spacing: float = 1.0

    def __post_init__(self) -> None:
        whole("count", self.count)
        positive("compactness", self.compactness)
        positive("spacing", self.spacing)

    def of(self, image: Tensor, patches: tuple[int, ...] | None = None) -> Regions:
        try:
            from skimage.segmentation import slic
        except ImportError as error:
            raise MissingPackage("Supervoxels need scikit-image.", fix="pip install 'seewhy[regions]'") from error
        space = space_of_clip(image, "Supervoxels")
        pixels = np.moveaxis(_looked_at(image).numpy(), 1, -1)
        found = slic(
            pixels, n_segments=self.count, compactness=self.compactness, spacing=(self.spacing, 1, 1),
            start_label=0, channel_axis=-1,
        )  # fmt: skip
        return from_labels(_enlarged(torch.from_numpy(np.asarray(found, dtype=np.int64)), space), "supervoxels")


@dataclass(frozen=True)
class Moving:
    """Superpixels that move along: pixels are alike when their colour, their motion and where they came from are.

    k-means; parts never reach across a cut. What comes into view is a part of its own, or of its surroundings.
    """

    count: int = 150
    seed: int = 0

    def __post_init__(self) -> None:
        whole("count", self.count)
        whole("seed", self.seed, least=0)

    def of(self, image: Tensor, patches: tuple[int, ...] | None = None) -> Regions:
        space = space_of_clip(image, "Moving superpixels")
        clip = _looked_at(image)
        features = _features(clip, cuts(image)).flatten(0, 2)
        centres = _centres(features, self.count, self.seed)
        labels = _nearest(features, centres).reshape(len(clip), *clip.shape[2:])
        return from_labels(_enlarged(labels, space), "moving superpixels")


@dataclass(frozen=True, eq=False)
class Tracked:
    """Regions of one frame as tubes: `labels` (h, w) where they are given, otherwise about `count` superpixels.

    A tube ends where its content is covered, leaves the picture, or a cut comes. What no tube holds is always present.
    """

    count: int = 30
    frame: int | None = None  # that the regions are of; the middle one
    labels: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        whole("count", self.count)

    def of(self, image: Tensor, patches: tuple[int, ...] | None = None) -> Regions:
        frames, *size = space_of_clip(image, "Tracked regions")
        start = frames // 2 if self.frame is None else self.frame
        if not 0 <= start < frames:
            raise BadOption(f"frame={start} is none of {frames} frames.", fix=f"give a number from 0 to {frames - 1}.")
        first = self._first(image[:, start], tuple(size))
        clip, edges = image.detach().float().transpose(0, 1), cuts(image)
        found = {start: first}
        for way in (1, -1):
            for at in range(start + way, frames if way > 0 else -1, way):
                before = found[at - way]
                lost = torch.full_like(before, -1)
                found[at] = lost if max(at, at - way) in edges else _carried(before, clip[at - way], clip[at])
        return from_labels(torch.stack([found[at] for at in range(frames)]), "tracked")

    def _first(self, picture: Tensor, size: tuple[int, ...]) -> Int[Tensor, "h w"]:
        if self.labels is None:
            from .regions import Superpixels

            labels = Superpixels(self.count).of(picture).labels
            assert labels is not None
            return labels.to(picture.device)
        given = torch.as_tensor(np.asarray(self.labels))
        if tuple(given.shape) != size:
            raise BadOption(
                f"The regions to track have shape {tuple(given.shape)}, a frame {size}.", fix=f"give labels of {size}."
            )
        return given.long().to(picture.device)


def _carried(labels: Int[Tensor, "h w"], before: Tensor, picture: Tensor) -> Int[Tensor, "h w"]:
    """The labels of a frame where its content lies in the next one; -1 where it has none there."""
    back, there = flow(picture[None], before[None]), flow(before[None], picture[None])
    y, x = places(picture)
    rows, columns = ((at + by).round().long() for at, by in zip((y, x), back[0], strict=True))
    held = labels[rows.clamp(0, labels.shape[0] - 1), columns.clamp(0, labels.shape[1] - 1)]
    return torch.where(followed(back, there)[0], held, -1)


def _looked_at(image: Tensor) -> Pixels:
    """The frames of a clip, in coarser pixels where there are very many."""
    clip = image.detach().float().cpu().transpose(0, 1)
    step = math.ceil(math.sqrt(clip[:, 0].numel() / MOST))
    return functional.avg_pool2d(clip, step, ceil_mode=True, count_include_pad=False) if step > 1 else clip


def _enlarged(labels: Labels, space: tuple[int, ...]) -> Int[Tensor, "t rows columns"]:
    """Labels of coarser pixels on all pixels that they were made of."""
    step = max(math.ceil(size / cells) for size, cells in zip(space, labels.shape, strict=True))
    return labels.repeat_interleave(step, 1).repeat_interleave(step, 2)[:, : space[1], : space[2]]


def _features(clip: Pixels, edges: list[int]) -> Float[Tensor, "t h w k"]:
    """Colour, place in the first frame of the shot, time, motion and shot of each pixel."""
    frames, _, height, width = clip.shape
    motion = flow(clip[1:], clip[:-1]) if frames > 1 else clip.new_zeros(0, 2, height, width)
    here = torch.stack(places(clip))
    came, moves, shots = [here], [torch.zeros_like(here)], [0]
    for at in range(1, frames):
        back = motion[at - 1 : at]
        cut = at in edges
        came.append(here if cut else torch.where(_inside(back[0], here), warped(came[-1][None], back)[0], here))
        moves.append(moves[0] if cut else back[0])
        shots.append(shots[-1] + cut)
        if not cut and (at == 1 or at - 1 in edges):
            moves[-2] = back[0]  # nothing came before the first frame of a shot: it moves as the second does
    time = torch.stack([TIME * torch.arange(frames), APART * torch.tensor(shots)]).to(clip)
    fixed = time.T[:, :, None, None].expand(-1, -1, height, width)
    stacked = torch.cat([COLOUR * clip, torch.stack(came), MOTION * torch.stack(moves), fixed], dim=1)
    return stacked.movedim(1, -1)


def _inside(back: Float[Tensor, "2 h w"], here: Float[Tensor, "2 h w"]) -> Tensor:
    """Whether a pixel was in the picture one frame before."""
    was, last = here + back, back.new_tensor(back.shape[1:]).reshape(2, 1, 1) - 0.5
    return ((was > -0.5) & (was < last)).all(dim=0)


def _centres(features: Float[Tensor, "n k"], count: int, seed: int) -> Float[Tensor, "count k"]:
    """Lloyd's algorithm on a random part of the voxels."""
    order = torch.randperm(len(features), generator=torch.Generator().manual_seed(seed))
    seen = features[order[:SEEN]]
    centres = seen[:count].clone()
    for _ in range(ROUNDS):
        labels = _nearest(seen, centres)
        held = torch.bincount(labels, minlength=len(centres))[:, None]
        sums = torch.zeros_like(centres).index_add(0, labels, seen)
        centres = torch.where(held > 0, sums / held.clamp(min=1), centres)
    return centres


def _nearest(features: Float[Tensor, "n k"], centres: Float[Tensor, "count k"]) -> Int[Tensor, " n"]:
    half = centres.square().sum(dim=1) / 2
    return torch.cat([torch.addmm(half, rows, centres.T, alpha=-1).argmin(dim=1) for rows in features.split(BLOCK)])
