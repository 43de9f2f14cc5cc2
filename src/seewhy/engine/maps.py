"""From a layer's activations and channel weights to a map."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from ..domain.evidence import Evidence
from ..domain.shapes import Maps
from .records import LayerRecord

Sign = Literal["positive", "both"]
Pool = Literal["auto", "clip", "frame"]


def weighted_map(record: LayerRecord, weights: Tensor, sign: Sign, chosen: tuple[str, ...] = ()) -> Evidence:
    """Feature maps summed with weights per channel (b, k) or per place (b, k, *grid)."""
    places = weights.reshape(*weights.shape, *[1] * (record.activations.ndim - weights.ndim))
    values = (places * record.activations).sum(dim=1)
    return Evidence(values.relu() if sign == "positive" else values, layer=record.choice, chosen=chosen)


def each_by_itself(record: LayerRecord, pool: Pool, *, reads_moments: bool) -> tuple[bool, tuple[str, ...]]:
    """Whether the moments of a clip's map get weights of their own, and the sentence that says so, for each clip."""
    if record.activations.ndim == 4:
        return False, ()
    if pool != "auto":
        return pool == "frame", ()
    if reads_moments:
        told = "Gradients are averaged at each moment by itself: the network does more than sum moments (pool='frame')."
    else:
        told = "Gradients are averaged over all moments: the network only sums over them (pool='clip')."
    return reads_moments, (told,) * len(record.activations)


def frames_apart(tensor: Float[Tensor, "b k t h w"]) -> Float[Tensor, "b_t k h w"]:
    """The moments of clips as images of their own."""
    return tensor.transpose(1, 2).flatten(0, 1)


def plus_plus(first: Tensor, second: Tensor, third: Tensor, activations: Tensor) -> Float[Tensor, "b k"]:
    """Channel weights of Grad-CAM++ (eqs. 10 and 19) from the first powers of the gradient, (b, k, *grid) each."""
    slope, square, cube = (power.flatten(2) for power in (first, second, third))
    divisor = 2 * square + activations.flatten(2).sum(dim=2, keepdim=True) * cube
    alpha = square / divisor.where(divisor != 0, divisor.new_ones(()))
    return (alpha.where(square != 0, alpha.new_zeros(())) * slope.relu()).sum(dim=2)


def unusually_strong(activations: Float[Tensor, "b k *grid"], deviations: float) -> Maps:
    """The k-sigma rule of FEM: at each place, the means of the channels that are far above their mean there, summed.

    Strictly above, so that a channel that is the same everywhere stands out nowhere.
    """
    flat = activations.flatten(2).double()
    mean, spread = flat.mean(dim=2, keepdim=True), flat.std(dim=2, keepdim=True, correction=0)
    values = (mean.clamp(min=0) * (flat > mean + deviations * spread)).sum(dim=1)
    return values.float().reshape(len(activations), *activations.shape[2:])


def enlarged(maps: Float[Tensor, "k *grid"], space: tuple[int, ...]) -> Float[Tensor, "k *space"]:
    """Maps of channels, interpolated."""
    mode = "bilinear" if len(space) == 2 else "trilinear"
    return functional.interpolate(maps[None], size=tuple(space), mode=mode, align_corners=False)[0]


def at_pixels(evidence: Evidence, space: tuple[int, ...]) -> Float[Tensor, "b *space"]:
    """Maps at the pixels of the model's input: parts keep their sharp borders, the rest is interpolated."""
    if tuple(evidence.values.shape[1:]) == space:
        return evidence.values.float()
    if evidence.parts is not None:
        return torch.stack([part.regions.paint(part.values.float()) for part in evidence.parts])
    return enlarged(evidence.values.float(), space)
