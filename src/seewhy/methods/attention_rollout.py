"""Attention rollout: attention of all blocks multiplied, skip connections included."""

from __future__ import annotations

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.attention import heads_mean, on_map, read_rows, rollout
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
    read = read_rows(record, None if record.pool is None else heads_mean(record.pool))
    return on_map(rollout(record, read)[:, 0], record)
