"""RISE: the mean score of random soft views that show a pixel."""

from __future__ import annotations

from ..domain.baseline import Baseline, Mean
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.ranges import Sides
from ..domain.tolerance import Tolerance
from ..engine.probe import Probe
from ..engine.soft_views import mean_of_views
from ..registry import method


@method(
    "rise",
    family="perturbation",
    needs=Capability.SCORES,
    paper="Petsiuk et al. 2018, arXiv:1806.07421",
    cost=lambda ask: Cost(1 + ask.fills * (1 + ask["samples"])),
    shows="The mean score when a pixel is visible: bright where seeing it keeps the score up.",
    traps=(
        "Every pixel carries the mean score of all views: only the difference from it means something.",
        "Needs thousands of views; the error bars say whether there were enough.",
        "The grid decides how small a thing can be seen.",
    ),
    signed=False,
    samples=True,
    scale="probability",
)
def rise(
    probe: Probe,
    *,
    samples: int = 4000,
    cells: Sides = 7,
    keep: float = 0.5,
    baseline: Baseline = Mean(),
    tolerance: Tolerance = 0.1,
    seed: int = 0,
) -> Evidence:
    """Masks weighted by their scores, divided by how often a pixel is shown (eq. 6)."""
    return mean_of_views(
        probe, samples=samples, cells=cells, keep=keep, baseline=baseline, tolerance=tolerance, seed=seed
    )
