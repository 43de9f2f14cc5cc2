"""TokenTM: attention that raises the score, weighed by what each block makes of the tokens that it moves."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.attention import raising, read_out
from ..engine.probe import Probe
from ..engine.transformations import Change, transformations
from ..registry import method


@method(
    "token-tm",
    family="attention",
    needs=Capability.SCORES | Capability.GRADIENTS | Capability.ATTENTION | Capability.JOINT,
    paper="Wu et al. 2024, arXiv:2403.14552 (as summarised; the paper's full text was not at hand)",
    cost=lambda ask: Cost(2, 1),
    shows="Patches whose tokens are long, kept in their direction, and attended to where that raises the score.",
    traps=(
        "Which tokens a transformation is measured between (those of the skip connection, with all heads of equal"
        " weight) follows a summary of the paper.",
        "Only what raises the score is kept: evidence against is never shown.",
        "A long token need not matter for the class, and what neurons add may undo what was there.",
    ),
    axioms=("class-specific", "local"),
    signed=False,
    reads=("attention", "values"),
)
def token_tm(probe: Probe) -> Evidence:
    """C starts as the tokens' lengths and grows by (gradient x attention)+ W C, then by W C for the neurons."""
    record = probe.attention(gradients=True, values=True)
    assert record.gradients is not None
    changes = transformations(probe, record)
    gained = torch.diag_embed(changes[0][0].before.norm(dim=-1))
    for weights, gradients, (moved, neurons) in zip(record.weights, record.gradients, changes, strict=True):
        gained = gained + raising(weights, gradients) @ (_effect(moved)[:, :, None] * gained)
        gained = gained + _effect(neurons)[:, :, None] * gained
    if record.pool is not None and record.pool_gradients is not None:
        gained = raising(record.pool, record.pool_gradients) @ gained
    return read_out(gained, record)


def _effect(change: Change) -> Float[Tensor, "b tokens"]:
    """W: how much longer a token became, times how well it kept its direction beside the others (NECC)."""
    longer = change.after.norm(dim=-1) / change.before.norm(dim=-1).clamp(min=1e-12)
    alike = functional.cosine_similarity(change.before, change.after, dim=-1).exp()
    effect: Tensor = longer * alike / alike.mean(dim=1, keepdim=True)
    return effect
