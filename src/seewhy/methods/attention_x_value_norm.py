"""Attention times value norm: how long the vectors are that the last attention fetches from each patch."""

from __future__ import annotations

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.attention import fetched, read_out
from ..engine.probe import Probe
from ..registry import method


@method(
    "attention-x-value-norm",
    family="attention",
    needs=Capability.SCORES | Capability.ATTENTION | Capability.JOINT,
    paper="Kobayashi et al. 2020, arXiv:2004.10102",
    cost=lambda ask: Cost(1),
    shows="How much the last attention fetches from each patch: a high weight on a short vector counts for little.",
    traps=(
        "The same map for every class.",
        "Late tokens have mixed with all others: what is fetched from a patch token is not from that patch alone.",
        "A long vector need not matter for the class, and vectors of several patches can cancel.",
    ),
    axioms=("local",),
    signed=False,
    class_blind=True,
    reads=("attention", "values"),
)
def attention_x_value_norm(probe: Probe) -> Evidence:
    """Norm of the sum over heads of weight x projected value (eq. 4), from the token(s) that the head reads."""
    record = probe.attention(values=True)
    weights = record.weights[-1] if record.pool is None else record.pool
    return read_out(fetched(weights, record.sent[-1]), record)
