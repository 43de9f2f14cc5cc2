"""The channels of a layer as soft masks of the image, and channels that look alike as one."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..domain.shapes import Masks
from .maps import enlarged

_ROUNDS = 50  # of k-means, which ends sooner when nothing changes


def feature_masks(
    features: Float[Tensor, "k *grid"], space: tuple[int, ...], block: int
) -> Iterator[tuple[list[bytes], Masks]]:
    """Each channel enlarged to the image, then scaled to [0,1], in blocks; one that is flat shows nothing."""
    for start in range(0, len(features), block):
        some = features[start : start + block]
        names = [channel.cpu().numpy().tobytes() for channel in some]
        yield names, _scaled(enlarged(some, space))


def alike(features: Float[Tensor, "k *grid"], count: int) -> Int[Tensor, " k"]:
    """The group of each channel: k-means of what the channels look like when each is scaled to [0,1].

    It starts at the channel nearest to the mean, then goes on to whichever is farthest from all so far: no chance.
    """
    rows = _scaled(features).flatten(1).double()
    centres = rows[(rows - rows.mean(dim=0)).square().sum(dim=1).argmin()][None]
    while len(centres) < count:
        centres = torch.cat([centres, rows[torch.cdist(rows, centres).amin(dim=1).argmax()][None]])
    groups = torch.cdist(rows, centres).argmin(dim=1)
    for _ in range(_ROUNDS):
        member = torch.nn.functional.one_hot(groups, count).double()
        sizes = member.sum(dim=0)[:, None]
        centres = torch.where(sizes > 0, member.T @ rows / sizes.clamp(min=1), centres)
        moved = torch.cdist(rows, centres).argmin(dim=1)
        if torch.equal(moved, groups):
            break
        groups = moved
    return groups


def means(features: Float[Tensor, "k *grid"], groups: Int[Tensor, " k"], count: int) -> Float[Tensor, "g *grid"]:
    """The mean of each group's channels; zero for a group that has none."""
    sums = features.new_zeros(count, *features.shape[1:]).index_add(0, groups, features)
    sizes = torch.bincount(groups, minlength=count).clamp(min=1)
    return sums / sizes.reshape(-1, *[1] * (features.ndim - 1))


def _scaled(features: Float[Tensor, "k *space"]) -> Float[Tensor, "k *space"]:
    flat = features.flatten(1)
    low, span = flat.amin(dim=1, keepdim=True), flat.amax(dim=1, keepdim=True) - flat.amin(dim=1, keepdim=True)
    scaled = (flat - low) / span.where(span > 0, span.new_ones(()))
    return scaled.reshape(features.shape)
