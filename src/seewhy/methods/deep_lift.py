"""DeepLIFT: what each pixel's difference from a baseline contributes, by slopes that span the whole difference."""

from __future__ import annotations

import torch

from ..domain.baseline import Baseline, Colour
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.bending import multipliers, named
from ..engine.probe import Probe
from ..registry import method


@method(
    "deep-lift",
    family="gradient",
    needs=Capability.SCORES | Capability.GRADIENTS,
    paper="Shrikumar et al. 2017, arXiv:1704.02685",
    cost=lambda ask: Cost(1 + 2 * ask.fills, ask.fills),
    shows="What each pixel adds compared with the baseline; in convolutional networks the map sums to the difference.",
    traps=(
        "The answer depends on the baseline: what equals it gets zero.",
        "Only the Rescale rule: contributions that cancel inside a unit are not kept apart (RevealCancel does that).",
        "There is no rule for attention, layer normalisation and products of two signals (squeeze-excite): the map"
        " names them, and then does not sum to the difference.",
        "Two networks that compute the same function in another way can get different maps.",
    ),
    axioms=("dummy", "linear", "additive", "symmetric", "timely", "motion"),
)
def deep_lift(probe: Probe, *, baseline: Baseline = Colour(0.0)) -> Evidence:
    """(image - baseline) times the multipliers of the Rescale rule (sec. 3.5.2), the mean over the baseline's fills."""
    starts = torch.stack([baseline.fill(image) for image in probe.images], dim=1)
    found = [(start, *multipliers(probe, start)) for start in starts]
    values = torch.stack([(probe.images - start) * slopes for start, slopes, *_ in found]).mean(dim=0).sum(dim=1)
    empty = torch.stack([scores for _, _, scores, _ in found]).mean(dim=0)
    return Evidence(
        values,
        total=values.flatten(1).sum(dim=1),
        explained=probe.score(probe.clean) - empty,
        empty=empty,
        notes=named(frozenset().union(*(unruled for *_, unruled in found)), "rescale"),
    )
