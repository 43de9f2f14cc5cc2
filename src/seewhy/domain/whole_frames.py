"""Absence by leaving frames out: the rest is spread over the time, or the clip becomes shorter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..errors import BadOption
from .baseline import Baseline, Fill, Mean
from .clip_regions import space_of_clip
from .shapes import Masks


@dataclass(frozen=True)
class Resampled(Baseline):
    """The frames that are left, spread evenly over the whole time; each stands in for its absent neighbours.

    Kept frames move, too. With none left the clip's mean colour is shown.
    """

    adaptive: ClassVar[bool] = True
    moves: ClassVar[bool] = True

    def fill(self, image: Float[Tensor, "c *space"]) -> Fill:
        space_of_clip(image, "Resampled frames")
        return Mean().fill(image)

    def shown(self, image: Float[Tensor, "c *space"], masks: Masks) -> Float[Tensor, "n c *space"]:
        (nothing,), frames = self.fill(image), image.shape[1]
        rows = []
        for kept in kept_frames(masks):
            left = kept.nonzero()[:, 0]
            spread = left[torch.arange(frames, device=left.device) * len(left) // frames] if len(left) else left
            rows.append(image[:, spread] if len(left) else nothing)
        return torch.stack(rows)


@dataclass(frozen=True)
class Shorter(Baseline):
    """Nothing at all: the clip is shorter by the absent frames, for models that take any number of frames.

    With no frame left, one frame of the clip's mean colour is shown.
    """

    shortens: ClassVar[bool] = True

    def fill(self, image: Float[Tensor, "c *space"]) -> Fill:
        space_of_clip(image, "Shorter clips")
        return Mean().fill(image)


def kept_frames(masks: Masks) -> Bool[Tensor, "n t"]:
    """Which frames are kept; masks that go through a frame are refused."""
    first = masks[:, :, 0, 0]
    hard = masks.dtype == torch.bool or bool(((first == 0) | (first == 1)).all())
    if masks.ndim != 4 or not hard or not bool((masks == first[:, :, None, None]).all()):
        raise BadOption(
            "Frames can be left out as a whole only, and these parts cut through frames or hide them by half.",
            fix="use regions=frames, segments or shots, or another baseline, such as frozen or interpolated.",
        )
    return first > 0
