"""Gradient-weighted attention: attention that the score really depends on, gathered over all blocks."""

from __future__ import annotations

import torch

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.attention import raising, read_out
from ..engine.probe import Probe
from ..registry import method


@method(
    "gradient-attention",
    family="attention",
    needs=Capability.SCORES | Capability.GRADIENTS | Capability.ATTENTION,
    paper="Chefer et al. 2021, arXiv:2103.15679",
    cost=lambda ask: Cost(1, 1),
    shows="Patches whose attention raises the score of this class.",
    traps=("Only what raises the score is kept: evidence against is never shown.",),
    axioms=("class-specific", "local"),
    signed=False,
    reads=("attention",),
)
def gradient_attention(probe: Probe) -> Evidence:
    """R grows by the heads' mean of (gradient x attention)+, times R, from the first block to the last (eqs. 5, 6)."""
    record = probe.attention(gradients=True)
    assert record.gradients is not None
    tokens = record.weights[0].shape[-1]
    relevance = torch.eye(tokens, device=record.weights[0].device).expand(len(probe.images), -1, -1)
    for weights, gradients in zip(record.weights, record.gradients, strict=True):
        relevance = relevance + raising(weights, gradients) @ relevance
    if record.pool is not None and record.pool_gradients is not None:
        relevance = raising(record.pool, record.pool_gradients) @ relevance
    return read_out(relevance, record)
