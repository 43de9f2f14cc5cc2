"""From a layer's activations and channel weights to a map."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from ..domain.evidence import Evidence
from .reading import LayerRecord

Sign = Literal["positive", "both"]


def weighted_map(record: LayerRecord, weights: Tensor, sign: Sign) -> Evidence:
    """Feature maps summed with weights per channel (b, k) or per place (b, k, *grid)."""
    places = weights.reshape(*weights.shape, *[1] * (record.activations.ndim - weights.ndim))
    values = (places * record.activations).sum(dim=1)
    return Evidence(values.relu() if sign == "positive" else values, layer=record.choice)
