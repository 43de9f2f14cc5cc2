"""Reading attention: heads averaged, the row that the head uses, tokens back to places."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from ..domain.evidence import Evidence
from .reading import AttentionRecord


def heads_mean(weights: Float[Tensor, "b heads to from"]) -> Float[Tensor, "b to from"]:
    """The mean over heads."""
    return weights.mean(dim=1)


def read_out(relevance: Float[Tensor, "b to from"], record: AttentionRecord, notes: tuple[str, ...] = ()) -> Evidence:
    """Relevance of the patches for what the model's head reads, as a map of the image."""
    tokens = record.tokens
    if record.pool is not None:
        rows = relevance.mean(dim=1)  # the head's own queries
    else:
        readout = tokens.readout.to(relevance)
        rows = torch.einsum("t,btf->bf", readout / readout.sum(), relevance)
    values = tokens.on_grid(rows)
    return Evidence(values, notes=(*notes, *_hot_spots(values)))


def _hot_spots(values: Tensor) -> tuple[str, ...]:
    """A warning when one patch far outside the rest takes much of the weight, as register-like tokens do."""
    share = (values.flatten(1).amax(dim=1) / values.flatten(1).sum(dim=1).clamp(min=1e-12)).max()
    even = 1 / values[0].numel()
    if float(share) < max(0.2, 8 * even):
        return ()
    held = f"One patch holds {float(share):.0%} of the weight"
    return (f"{held}: such hot spots often store global information, not content.",)
