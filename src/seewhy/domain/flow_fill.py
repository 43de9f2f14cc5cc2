"""Absence in time by optical flow: absent frames are made from the whole ones around them, things moved on the way."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from .optical_flow import flow, warped
from .time_fills import Clip, OtherFrames, neighbours, progress


@dataclass(frozen=True)
class Flowing(OtherFrames):
    """What moves from the kept frame before to the one after is shown on its way; at the ends the nearest frame.

    Only frames that are kept as a whole are looked at. Motion is taken as even: Jiang et al. 2018, eq. 4,
    arXiv:1712.00080, without what a network adds there.
    """

    def between(self, clip: Clip, kept: Bool[Tensor, "n t rows columns"]) -> Float[Tensor, "n c t h w"]:
        whole = kept.flatten(2).all(dim=2)[:, :, None, None]
        before, after = (index[:, :, 0, 0] for index in neighbours(whole))
        part = progress(before[:, :, None, None], after[:, :, None, None])[:, :, 0, 0].to(clip)
        frames = clip.transpose(0, 1)
        pairs, owner = torch.stack([before, after], dim=2).flatten(0, 1).unique(dim=0, return_inverse=True)
        one, other = frames[pairs[:, 0]], frames[pairs[:, 1]]
        moves = pairs[:, 0] != pairs[:, 1]
        there, back = (one.new_zeros(len(one), 2, *one.shape[2:]) for _ in range(2))
        there[moves], back[moves] = flow(one[moves], other[moves]), flow(other[moves], one[moves])
        made = _on_the_way(one[owner], other[owner], there[owner], back[owner], part.flatten()[:, None, None, None])
        nothing = ~whole.any(dim=1, keepdim=True)[:, None]
        return torch.where(nothing, self.fill(clip), made.unflatten(0, before.shape).transpose(1, 2).contiguous())


def _on_the_way(one: Tensor, other: Tensor, there: Tensor, back: Tensor, part: Tensor) -> Float[Tensor, "n c h w"]:
    """The frame at a part of the way from one to the other: both, each moved to it, faded from the one to the other."""
    to_one = (part - 1) * part * there + part**2 * back
    to_other = (1 - part) ** 2 * there + part * (part - 1) * back
    return torch.lerp(warped(one, to_one), warped(other, to_other), part)
