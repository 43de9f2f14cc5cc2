"""The score that a transformer's head gives to each block's tokens, and how it changes with that block's attention."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from ..domain.cost import Cost
from ..errors import NoAttention
from ..models.tokens import TokenGrid
from .probe import Probe
from .reading import finite
from .records import AttentionRecord, joined


def layerwise(probe: Probe) -> AttentionRecord:
    """Attention of each block, with the gradient at it of the score that the head gives to this block's own tokens.

    A head that pools by attention is asked about its own attention, over the block's tokens.
    """
    tokens = probe.model.layout.tokens
    if tokens is None or not tokens.after:
        raise NoAttention(
            f"Where the blocks of {probe.model.name} end was not found, so its head cannot be given their tokens.",
            fix="use a method that reads the attention alone: gradient-attention, attention-rollout.",
        )
    return joined([_each_block(probe, i, tokens) for i in range(len(probe.images))])


def _each_block(probe: Probe, index: int, tokens: TokenGrid) -> AttentionRecord:
    """The record of one image."""
    model, image = probe.model, probe.images[index : index + 1]
    with torch.enable_grad(), probe.autocast(), model.watching(tokens.after, attention=True) as watch:
        model(image)
    blocks, _ = model.layout.blocks(watch.attention)
    tail = model.tail(tokens.after[-1], image)
    probe.control.pay(Cost(forward=2, tail=tail.tried))
    found, slopes = [], []
    for name, weights in zip(tokens.after, blocks, strict=True):
        probe.control.check()
        given = _for_the_head(watch.layers[name], tokens)
        with torch.enable_grad(), probe.autocast(), model.watching(attention=tokens.pools) as pooling:
            score = probe.targets[index](tail(given)).sum()
        at = pooling.attention[-1].weights if tokens.pools else weights
        slopes.append(finite(torch.autograd.grad(score, at)[0].float(), model.name))
        found.append(at.detach().float())
        probe.control.pay(Cost(tail=2) if tail.partial else Cost(forward=1, backward=1))
    lengths = watch.layers[tokens.after[-1]].detach().float().norm(dim=-1)
    return AttentionRecord(tuple(found), tuple(slopes), None, None, tokens, lengths=lengths)


def _for_the_head(rows: Float[Tensor, "1 tokens k"], tokens: TokenGrid) -> Tensor:
    """The tokens of a block as the head takes them; for one that reads extra tokens only, their mean in every place.

    An early block has not gathered anything in its class token yet.
    """
    if tokens.reads in ("class token", "extra tokens"):
        return rows.mean(dim=1, keepdim=True).expand_as(rows)
    return rows
