"""What attentions and layers of neurons make of each token, beside the token itself."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..domain.cost import Cost
from ..errors import NoAttention
from ..models.skips import Skip, Skips
from .probe import Probe
from .records import AttentionRecord


@dataclass(frozen=True)
class Change:
    """Tokens, and what a part of a block makes of each by itself."""

    before: Float[Tensor, "b tokens k"]
    after: Float[Tensor, "b tokens k"]


def transformations(probe: Probe, record: AttentionRecord) -> list[tuple[Change, Change]]:
    """For each block, what its attention moves of each token, and what its neurons add to each."""
    chunks = list(probe.chunks.run(len(probe.images), lambda rows: _skips(probe, rows, len(record.weights))))
    skips = [
        Skip(same[0].after, torch.cat([s.before for s in same]).float(), torch.cat([s.added for s in same]).float())
        for same in zip(*chunks, strict=True)
    ]
    pairs = zip(range(len(record.weights)), skips[::2], skips[1::2], strict=True)
    return [
        (Change(past.before, _moved(record, block, past.added)), Change(neurons.before, neurons.added))
        for block, past, neurons in pairs
    ]


def _skips(probe: Probe, rows: slice, blocks: int) -> list[Skip]:
    """The two sums of each block, in a pass of their own."""
    tokens = probe.model.layout.tokens
    assert tokens is not None
    images, mode = probe.images[rows], Skips(tokens.count)
    with torch.no_grad(), probe.autocast(), probe.model.bending([mode]):
        probe.model(images)
    probe.control.pay(Cost(forward=len(images)))
    found = [skip for skip in mode.found if skip.after <= blocks]
    if [skip.after for skip in found] != [block + 1 for block in range(blocks) for _ in range(2)]:
        raise NoAttention(
            f"The {blocks} blocks of {probe.model.name} do not add to their tokens twice each, behind the attention"
            f" and behind the neurons: {len(found)} sums were seen.",
            fix="use a method that reads the attention alone: gradient-attention, attention-rollout.",
        )
    return found


def _moved(record: AttentionRecord, block: int, added: Tensor) -> Tensor:
    """All heads' projected values of each token, on the scale that the network gives to channels behind the projection.

    That scale (LayerScale) shows in how what was added varies from token to token: biases do not.
    """
    sent = record.sent[block]
    heads = torch.einsum("bhfd,hdk->bhfk", sent.values, sent.projection)
    answer = torch.einsum("bhtf,bhfk->btk", record.weights[block], heads)
    answer, added = (rows - rows.mean(dim=1, keepdim=True) for rows in (answer, added))
    square = answer.square().sum(dim=1, keepdim=True)
    scale = torch.where(square > 0, (answer * added).sum(dim=1, keepdim=True) / square, 1.0)
    moved: Tensor = heads.sum(dim=1) * scale
    return moved
