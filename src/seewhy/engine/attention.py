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


def with_skips(block: Float[Tensor, "b to from"]) -> Float[Tensor, "b to from"]:
    """Attention with the skip connection beside it, half and half, rows adding up to one (Abnar & Zuidema, eq. 1)."""
    mixed = (block + torch.eye(block.shape[-1], device=block.device)) / 2
    return mixed / mixed.sum(dim=-1, keepdim=True)


def shares(record: AttentionRecord) -> Float[Tensor, " to"]:
    """How much of each output of the last attention the head reads; a pooling head's queries count alike."""
    if record.pool is not None:
        return record.pool.new_full((record.pool.shape[-2],), 1 / record.pool.shape[-2])
    readout = record.tokens.readout.to(record.weights[0])
    return readout / readout.sum()


def read_out(relevance: Float[Tensor, "b to from"], record: AttentionRecord) -> Evidence:
    """Relevance of the patches for what the model's head reads, as a map of the image."""
    return on_map(torch.einsum("t,btf->bf", shares(record), relevance), record)


def on_map(rows: Float[Tensor, "b tokens"], record: AttentionRecord) -> Evidence:
    """A number per token as a map of the image, with a note where one patch stands far out."""
    values = record.tokens.on_grid(rows)
    return Evidence(values, notes=_hot_spots(values))


def _hot_spots(values: Tensor) -> tuple[str, ...]:
    """A warning when one patch far outside the rest takes much of the weight, as register-like tokens do."""
    share = (values.flatten(1).amax(dim=1) / values.flatten(1).sum(dim=1).clamp(min=1e-12)).max()
    even = 1 / values[0].numel()
    if float(share) < max(0.2, 8 * even):
        return ()
    held = f"One patch holds {float(share):.0%} of the weight"
    return (f"{held}: such hot spots often store global information, not content.",)
