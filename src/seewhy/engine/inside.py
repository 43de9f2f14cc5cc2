"""How much of the strongest places of a map lies inside a mask."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def strongest_inside(values: Float[Tensor, "*space"], inside: Bool[Tensor, "*space"]) -> float:
    """Of as many places as the mask has, those with the largest values: the share inside it.

    Where the cut falls among equal values, the mean over all ways to choose among them.
    """
    flat, hit = values.flatten(), inside.flatten()
    wanted = int(hit.sum())
    cut = flat.topk(wanted).values[-1]
    above, level = flat > cut, flat == cut
    of_level = (wanted - above.sum()) / level.sum()
    return float(((above & hit).sum() + of_level * (level & hit).sum()) / wanted)


def overlaps(values: Float[Tensor, "*space"], inside: Bool[Tensor, "*space"]) -> Float[Tensor, " levels"]:
    """Intersection over union with the mask of all places from each value of the map upwards."""
    flat, order = values.flatten().sort(descending=True)
    last = torch.cat([flat[1:] != flat[:-1], torch.ones(1, dtype=torch.bool, device=flat.device)])
    hits = inside.flatten()[order].double().cumsum(0)[last]
    taken = torch.arange(1, len(flat) + 1, device=flat.device)[last]
    return hits / (taken + inside.sum() - hits)
