"""Soft masks that are smooth and of a wanted area: bumps on a coarse grid, and how far a mask is from that area."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from ..domain.shapes import Masks

_TEMPERATURE = 1 / 20  # of the smooth maximum
_FALL = 1 / 3  # standard deviation, in cells, of how a bump falls off beside its cell: 1 % is left at the next but one


def smooth_masks(cells: Float[Tensor, "n *grid"], space: tuple[int, ...]) -> Masks:
    """The smooth maximum, at each pixel, of the bumps of the cells around it (Fong et al. 2019).

    A bump is as high as its cell on all of the cell. The maximum of bumps is as sharp as one, where a sum would blur.
    """
    bumps, heights, grid = cells, cells.new_ones(()), cells.shape[1:]
    for axis, (side, count) in enumerate(zip(space, grid, strict=True)):
        near, height = _around(side, count, cells)
        bumps = bumps.index_select(1 + 2 * axis, near.flatten()).unflatten(1 + 2 * axis, near.shape)
        heights = heights.reshape(*heights.shape, 1, 1) * height
    inside = [2 + 2 * axis for axis in range(len(space))]
    found = bumps * heights
    weights = (found / _TEMPERATURE).masked_fill(heights == 0, -torch.inf).exp()
    return (found * weights).sum(dim=inside) / weights.sum(dim=inside)


def area_misfit(masks: Masks, shares: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    """How far each mask is from showing its share of the image fully and the rest not at all, wherever.

    The mean square of what the pixels, in order of their value, differ from zeros followed by ones.
    """
    ranked = masks.flatten(1).sort(dim=1, stable=True).values
    places = (torch.arange(ranked.shape[1], device=masks.device) + 0.5) / ranked.shape[1]
    return (ranked - (places > 1 - shares[:, None]).to(ranked)).square().mean(dim=1)


def _around(side: int, count: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """For each pixel of an axis the three nearest cells, and how high their bumps are there; 0 beyond the border."""
    at = (torch.arange(side, device=like.device) + 0.5) * count / side - 0.5
    near = at.round().long()[:, None] + torch.arange(-1, 2, device=like.device)
    beside = ((near - at[:, None]).abs() - 0.5).clamp(min=0) / _FALL
    heights = torch.exp(-0.5 * beside.square()) * ((near >= 0) & (near < count))
    return near.clamp(0, count - 1), heights.to(like)
