"""ML-FEM: where features stand out at several resolutions of the network, whatever the class."""

from __future__ import annotations

from typing import Literal

import torch

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.ranges import positive, whole
from ..engine.full_gradient import unit
from ..engine.maps import enlarged, unusually_strong
from ..engine.probe import Probe
from ..registry import method


@method(
    "ml-fem",
    family="activation",
    needs=Capability.SCORES | Capability.LAYERS,
    paper="Bourroux et al. 2022, doi:10.1007/978-3-031-09037-0_49 (the fusion is ours: theirs could not be verified)",
    cost=lambda ask: Cost(1),
    shows="Where features stand out at several resolutions of the network: what is noticed, not what speaks for a"
    " class.",
    traps=(
        "The same map for every class: it explains no decision.",
        "Each level is scaled to 0 .. 1, so one where hardly anything stands out speaks as loudly as the others.",
        "A network that keeps one resolution, as most transformers do, has one level: the map is that of fem, scaled.",
        "How the published method fuses its levels could not be verified: here by their mean or their maximum.",
    ),
    signed=False,
    class_blind=True,
    jumps=True,
    ratio=True,
    reads=("levels",),
    axioms=("timely", "motion"),
)
def ml_fem(
    probe: Probe, *, levels: int = 4, fusion: Literal["mean", "max"] = "mean", deviations: float = 2.0
) -> Evidence:
    """FEM of the last layer of each resolution, enlarged to the finest and scaled to 0 .. 1, fused as `fusion` says."""
    whole("levels", levels)
    positive("deviations", deviations, or_zero=True)
    records = probe.levels(levels, gradients=False)
    finest = tuple(records[0].activations.shape[2:])
    maps = [enlarged(unusually_strong(record.activations, deviations), finest) for record in records]
    scaled = torch.stack([torch.stack([unit(one) for one in level]) for level in maps])
    told = ", ".join(f"{record.choice.name} ({' x '.join(map(str, record.choice.shape))})" for record in records)
    values = scaled.mean(dim=0) if fusion == "mean" else scaled.amax(dim=0)
    return Evidence(values, chosen=(f"Levels: {told}.",) * len(values))
