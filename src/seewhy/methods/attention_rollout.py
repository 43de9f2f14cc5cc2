"""Attention rollout: attention of all blocks multiplied, skip connections included."""

from __future__ import annotations

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.attention import heads_mean, looks, read_out, with_skips
from ..engine.probe import Probe
from ..registry import method


@method(
    "attention-rollout",
    family="attention",
    needs=Capability.SCORES | Capability.ATTENTION,
    paper="Abnar & Zuidema 2020, arXiv:2005.00928",
    cost=lambda ask: Cost(1),
    shows="How much of each patch can have reached the answer through the attention of all blocks.",
    traps=("The same map for every class.", "Takes values and MLPs as if they passed everything on unchanged."),
    axioms=("local",),
    signed=False,
    class_blind=True,
    reads=("attention",),
)
def attention_rollout(probe: Probe) -> Evidence:
    """Product over blocks of (A + I) / 2, first block rightmost (eq. 1), read where the head reads."""
    record = probe.attention()
    flow = None
    for weights in looks(record):
        mixed = with_skips(weights)
        flow = mixed if flow is None else mixed @ flow
    assert flow is not None
    if record.pool is not None:
        flow = heads_mean(record.pool) @ flow
    return read_out(flow, record)
