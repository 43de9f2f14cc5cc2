"""Gradient-weighted attention: attention that the score really depends on, gathered over all blocks."""

from __future__ import annotations

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.attention import gains, on_map, raising, read_rows
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
    pool, slopes = record.pool, record.pool_gradients
    read = read_rows(record, None if pool is None or slopes is None else raising(pool, slopes))
    return on_map(gains(record, read)[:, 0], record)
