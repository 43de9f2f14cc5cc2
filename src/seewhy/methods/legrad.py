"""LeGrad: where each block's attention would raise what the head says of that block's tokens."""

from __future__ import annotations

import torch

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.attention import on_map
from ..engine.layerwise import layerwise
from ..engine.probe import Probe
from ..registry import method


@method(
    "legrad",
    family="attention",
    needs=Capability.SCORES | Capability.GRADIENTS | Capability.ATTENTION | Capability.JOINT,
    paper="Bousselham et al. 2024, arXiv:2404.03214",
    cost=lambda ask: Cost(3),
    shows="Patches to which more attention, in any block, would raise the score of this class.",
    traps=(
        "The head was trained on the last block's tokens: what it says of earlier ones, and of the mean of all tokens"
        " instead of the class token, is outside of what it knows.",
        "Only what raises the score is kept: evidence against is never shown.",
        "Shows what more attention would do, also where there is none.",
    ),
    axioms=("class-specific",),
    signed=False,
)
def legrad(probe: Probe) -> Evidence:
    """Positive gradient of each block's score at its attention: mean over heads, queries and blocks (eqs. 6 to 9)."""
    record = layerwise(probe)
    assert record.gradients is not None
    blocks = [slopes.relu().mean(dim=(1, 2)) for slopes in record.gradients]
    return on_map(torch.stack(blocks).mean(dim=0), record)
