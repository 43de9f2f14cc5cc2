"""Raw attention: where the last block looks when the answer is formed."""

from __future__ import annotations

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.attention import heads_mean, last_look, on_map, read_rows
from ..engine.probe import Probe
from ..registry import method


@method(
    "raw-attention",
    family="attention",
    needs=Capability.SCORES | Capability.ATTENTION,
    paper="Dosovitskiy et al. 2020, arXiv:2010.11929",
    cost=lambda ask: Cost(1),
    shows="How the last attention shares its weight over the patches.",
    traps=(
        "The same map for every class.",
        "Late tokens have mixed with all others: weight on a patch token is not weight on that patch.",
        "Register and background tokens can collect weight without meaning.",
    ),
    axioms=("local",),
    signed=False,
    class_blind=True,
    reads=("attention",),
)
def raw_attention(probe: Probe) -> Evidence:
    """Attention from the token(s) that the head reads to the patches, mean over heads.

    Where it is divided into time and space, the product of the last block's two.
    """
    record = probe.attention()
    if record.pool is not None:
        return on_map(read_rows(record, heads_mean(record.pool))[:, 0], record)
    rows, step = last_look(record, read_rows(record, None))
    return on_map(rows[:, 0], record, step.reading)
