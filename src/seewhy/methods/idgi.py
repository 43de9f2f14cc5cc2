"""IDGI: each rise of the score along a straight line, shared among the pixels by their squared gradients."""

from __future__ import annotations

import torch
from torch import Tensor

from ..domain.baseline import Baseline, Colour
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.ranges import whole
from ..engine.path import straight, walk
from ..engine.probe import Probe
from ..registry import method


@method(
    "idgi",
    family="gradient",
    needs=Capability.SCORES | Capability.GRADIENTS,
    paper="Yang et al. 2023, arXiv:2303.14242",
    cost=lambda ask: Cost(1 + ask.fills * ask["steps"], ask.fills * ask["steps"]),
    shows="Which pixels the score was most sensitive to while it rose from the baseline to the image.",
    traps=(
        "A pixel that equals the baseline gets a share too, if the score is sensitive to it.",
        "The sum is right by construction, whatever the number of steps: it does not tell whether there were enough.",
        "All pixels of one step get the same sign: it cannot tell what speaks for from what speaks against.",
    ),
    axioms=("complete", "dummy", "timely", "motion"),
)
def idgi(probe: Probe, *, steps: int = 64, baseline: Baseline = Colour(0.0)) -> Evidence:
    """Change of the score at each step times the squared gradient before it, divided by its sum (alg. 1)."""
    whole("steps", steps)
    rows = [[_one(probe, i, start, steps) for start in baseline.fill(image)] for i, image in enumerate(probe.images)]
    values = torch.stack([torch.stack([found for found, _ in row]).mean(dim=0) for row in rows]).float()
    empty = values.new_tensor([sum(score for _, score in row) / len(row) for row in rows])
    return Evidence(values, total=values.flatten(1).sum(dim=1), explained=probe.score(probe.clean) - empty, empty=empty)


def _one(probe: Probe, i: int, start: Tensor, steps: int) -> tuple[Tensor, float]:
    """The map for one baseline, and the baseline's score."""
    path = straight(start, probe.images[i])
    total, shares, first, last = torch.zeros_like(start[0], dtype=torch.float64), torch.zeros(()), None, 0.0
    for score, gradient in walk(probe, i, (path.at(k / steps) for k in range(steps))):
        first, total = score if first is None else first, total + (score - last) * shares
        squares = gradient.double().square().sum(dim=0)
        shares, last = squares / squares.sum().clamp(min=torch.finfo(torch.float64).tiny), score
    end = float(probe.score(probe.clean)[i])
    assert first is not None
    return total + (end - last) * shares, first
