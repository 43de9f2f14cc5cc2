"""Attention flow: attention as pipes, and how much could flow from each patch to what the head reads."""

from __future__ import annotations

import torch
from torch import Tensor

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.attention import heads_mean, mixed, on_map, shares
from ..engine.flow import maximum_flows
from ..engine.probe import Probe
from ..engine.records import AttentionRecord
from ..errors import MissingCapability
from ..registry import method

MOST = 8000  # tokens times blocks


@method(
    "attention-flow",
    family="attention",
    needs=Capability.SCORES | Capability.ATTENTION,
    paper="Abnar & Zuidema 2020, arXiv:2005.00928",
    cost=lambda ask: Cost(1),
    shows="How much of each patch could at most have reached the answer, were attention the width of pipes.",
    traps=(
        "The same map for every class.",
        "In deep networks most patches could fill all that the answer takes in: the map goes flat at 1.",
        "Takes values and MLPs as if they passed everything on unchanged.",
    ),
    axioms=("local",),
    signed=False,
    class_blind=True,
    reads=("attention",),
)
def attention_flow(probe: Probe) -> Evidence:
    """Maximum flow through (A + I) / 2 of all blocks, from what the head reads down to each patch (section 3)."""
    record = probe.attention()
    tokens, blocks = record.tokens.count, len(record.weights)
    if tokens * blocks > MOST:
        raise MissingCapability(
            f"Maximum flows over {tokens} tokens and {blocks} blocks would take too long: {MOST} are the most that"
            " the two may multiply to.",
            fix="use attention-rollout, which costs one product per block, or smaller images.",
        )
    return on_map(torch.stack([_flows(probe, record, i) for i in range(len(probe.images))]), record)


def _flows(probe: Probe, record: AttentionRecord, image: int) -> Tensor:
    """The flow to each token of one image; tokens beside the image are not asked about."""
    alone = record.row(slice(image, image + 1), gradients=False)
    layers = [
        mixed(step, weights, torch.eye(step.counts[0], device=weights.device)[None])[0]
        for step, weights in zip(record.tokens.steps, alone.weights, strict=True)
    ]
    if alone.pool is not None:
        layers.append(heads_mean(alone.pool)[0])
    first, rows = record.tokens.prefix, torch.zeros(layers[0].shape[1], device=layers[0].device)
    patches = range(first, first + record.tokens.patches)
    for patch, flow in zip(patches, maximum_flows(layers, shares(record), patches), strict=True):
        probe.control.check()
        rows[patch] = flow
    return rows
