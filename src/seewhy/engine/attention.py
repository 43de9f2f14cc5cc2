"""Reading attention: heads averaged, the row that the head uses, tokens back to places."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from ..domain.evidence import Evidence
from ..models.attention_values import Moved
from .records import AttentionRecord

OUTLIER = 3.0  # times the median length; Darcet et al. 2023 (arXiv:2309.16588) met tokens about ten times as long
HOT = "such hot spots often store what is true of the whole image, not what is there"


def heads_mean(weights: Float[Tensor, "b *groups heads to from"]) -> Float[Tensor, "b *groups to from"]:
    """The mean over heads."""
    return weights.mean(dim=-3)


def raising(
    weights: Float[Tensor, "b *groups heads to from"], gradients: Float[Tensor, "b *groups heads to from"]
) -> Float[Tensor, "b *groups to from"]:
    """The heads' mean of (gradient x attention)+: attention that raises the score (Chefer et al. 2021, eq. 5)."""
    return (weights * gradients).relu().mean(dim=-3)


def looks(record: AttentionRecord) -> Iterator[Float[Tensor, "b to from"]]:
    """The heads' mean of each block, the first first, over all tokens: of attention over time its frames are looked
    through with the place held, of attention over space its places with the moment held."""
    for i, weights in enumerate(record.weights):
        mean, divided = heads_mean(weights), record.tokens.divided
        yield divided[i].over_all(mean, record.tokens.count) if divided else mean


def last_look(record: AttentionRecord) -> Float[Tensor, "b to from"]:
    """The heads' mean of the last block over all tokens; of one in two parts the product, the first part rightmost."""
    *_, before, last = [None, *looks(record)]
    kinds = [divided.look for divided in record.tokens.divided[-2:]]
    return last @ before if before is not None and len(set(kinds)) == 2 else last


def gains(record: AttentionRecord) -> Iterator[Float[Tensor, "b to from"]]:
    """What raises the score in each block, the first first, over all tokens."""
    assert record.gradients is not None
    for i, pair in enumerate(zip(record.weights, record.gradients, strict=True)):
        raised, divided = raising(*pair), record.tokens.divided
        yield divided[i].summed(raised, record.tokens.count) if divided else raised


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


def fetched(weights: Float[Tensor, "b heads to from"], moved: Moved) -> Float[Tensor, "b to from"]:
    """How long the sum over heads of weight x projected value is (Kobayashi et al., eq. 4)."""
    exact = weights.cpu().double()
    squares = torch.einsum("bhtf,bfhg,bgtf->btf", exact, moved.products, exact)
    return squares.clamp(min=0).sqrt().to(weights)


def read_out(relevance: Float[Tensor, "b to from"], record: AttentionRecord) -> Evidence:
    """Relevance of the patches for what the model's head reads, as a map of the image."""
    return on_map(torch.einsum("t,btf->bf", shares(record), relevance), record)


def on_map(rows: Float[Tensor, "b tokens"], record: AttentionRecord) -> Evidence:
    """A number per token as a map of the image, with a note where it meets hot spots."""
    values, lengths = record.tokens.on_grid(rows), record.lengths
    hot = [None] * len(rows) if lengths is None else list(record.tokens.on_grid(lengths))
    return Evidence(values, own_notes=tuple(_hot_spots(*pair) for pair in zip(values, hot, strict=True)))


def _hot_spots(values: Tensor, lengths: Tensor | None) -> tuple[str, ...]:
    """A warning where patches work as registers: their tokens are far longer than the rest.

    Where the lengths are not known, a single patch that takes much of the map must do as a sign.
    """
    total = values.sum().clamp(min=1e-12)
    if lengths is None:
        share = float(values.max() / total)
        if share < max(0.2, 8 / values.numel()):
            return ()
        return (f"One patch holds {share:.0%} of the map: {HOT}.",)
    hot = lengths > OUTLIER * lengths.median()
    if not bool(hot.any()):
        return ()
    count, share = int(hot.sum()), float(values[hot].sum() / total)
    long = float(lengths.max() / lengths.median())
    which = "1 patch has a token" if count == 1 else f"{count} patches have tokens"
    return (f"{which} up to {long:.1f} times as long as the median's, with {share:.0%} of the map: {HOT}.",)
