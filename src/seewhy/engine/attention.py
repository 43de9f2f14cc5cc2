"""Reading attention: heads averaged, the row that the head uses, tokens back to places."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from ..domain.evidence import Evidence
from ..models.attention_values import Moved
from ..models.layers import Reading
from ..models.steps import Rows, Step
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


def rollout(record: AttentionRecord, rows: Rows) -> Rows:
    """Rows for the tokens behind the last block, handed down through (A + I) / 2 of every block (Abnar & Zuidema)."""
    for step, weights in zip(reversed(record.tokens.steps), reversed(record.weights), strict=True):
        rows = mixed(step, weights, rows)
    return rows


def mixed(step: Step, weights: Tensor, rows: Rows) -> Rows:
    """Rows handed down through one attention, heads averaged, and past it, half and half (eq. 1)."""
    return step.before_merging((step.fetched(rows, heads_mean(weights)) + step.skipped(rows)) / 2)


def last_look(record: AttentionRecord, rows: Rows) -> tuple[Rows, Step]:
    """Rows handed down through the last block, and the step they lie before: of one in two parts through both."""
    parts = record.tokens.steps[-2:]
    both = {step.look for step in parts} == {"time", "space"}
    for step, weights in zip(reversed(parts[-1 - both :]), reversed(record.weights), strict=False):
        rows = step.fetched(rows, heads_mean(weights))
    return rows, parts[-1]


def gains(record: AttentionRecord, rows: Rows) -> Rows:
    """Rows handed down through I + (gradient x attention)+ of every block (Chefer et al., eqs. 5, 6)."""
    assert record.gradients is not None
    blocks = zip(record.tokens.steps, record.weights, record.gradients, strict=True)
    for step, weights, gradients in reversed(list(blocks)):
        rows = step.before_merging(step.skipped(rows) + step.gained(rows, raising(weights, gradients)))
    return rows


def read_rows(record: AttentionRecord, pool: Float[Tensor, "b queries from"] | None) -> Rows:
    """How much of each token behind the last block the head reads, or fetches with a pooling attention of its own."""
    rows = shares(record).expand(len(record.weights[0]), 1, -1)
    return rows if pool is None else rows @ pool


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


def on_map(rows: Float[Tensor, "b tokens"], record: AttentionRecord, reading: Reading | None = None) -> Evidence:
    """A number per token as a map of the image, with a note where it meets hot spots."""
    grid, lengths = reading or record.tokens.reading, record.lengths
    values = grid.on_grid(rows, axis=-1)
    hot = [None] * len(rows) if lengths is None else list(grid.on_grid(lengths, axis=-1))
    notes = tuple(_hot_spots(*pair) for pair in zip(values, hot, strict=True))
    return Evidence(values, chosen=(record.tokens.told,) * len(values) if record.tokens.told else (), own_notes=notes)


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
