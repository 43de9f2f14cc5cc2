"""XRAI: segments of the image, ranked by the integrated gradients they hold for their size."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from ..domain.baseline import Colour
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence, PartScores
from ..domain.regions import from_labels
from ..engine.path import Path, integrated, nodes, straight
from ..engine.probe import Probe
from ..engine.segments import by_density, segments
from ..registry import method


@method(
    "xrai",
    family="gradient",
    needs=Capability.SCORES | Capability.GRADIENTS,
    paper="Kapishnikov et al. 2019, arXiv:1906.02825",
    cost=lambda ask: Cost(1 + 2 * nodes(ask["steps"]), 2 * nodes(ask["steps"])),
    shows="The segments that add most per pixel on the way from black and from white; part 0 was ranked first.",
    traps=(
        "Segments follow colours, not things: what has no edge has no segment of its own.",
        "A segment shows the mean of what it holds: opposite signs inside it cancel.",
        "Segments reach a little beyond their edges, so neighbours that the model ignores may be coloured too.",
    ),
    spaces=(2,),
)
def xrai(probe: Probe, *, steps: int = 65, tolerance: float = 0.1) -> Evidence:
    """Mean attribution of the pixels that each segment adds to the better ones (alg. 1)."""

    def lines(image: Tensor) -> list[Path]:
        return [straight(Colour(level).fill(image)[0], image) for level in (0.0, 1.0)]

    found = integrated(probe, lines, steps=steps, tolerance=tolerance)
    parts = tuple(_ranked(image, values) for image, values in zip(probe.images, found.values, strict=True))
    painted = torch.stack([one.regions.paint(one.values) for one in parts])
    return dataclasses.replace(found, values=painted, parts=parts)


def _ranked(image: Tensor, values: Tensor) -> PartScores:
    """The segments, best first, with the mean value of what each adds."""
    regions = from_labels(by_density(values, segments(image)), "segments")
    assert regions.labels is not None
    where, flat = regions.labels.flatten(), values.flatten().double()
    sums = flat.new_zeros(regions.count).index_add(0, where, flat)
    return PartScores(regions, (sums / where.bincount(minlength=regions.count)).float())
