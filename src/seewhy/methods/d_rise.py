"""D-RISE: the mean match of a detection over random soft views that show a pixel."""

from __future__ import annotations

from ..domain.baseline import Baseline, Mean
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.tolerance import Tolerance
from ..engine.probe import Probe
from ..engine.soft_views import mean_of_views
from ..registry import method


@method(
    "d-rise",
    family="perturbation",
    needs=Capability.SCORES,
    paper="Petsiuk et al. 2021, arXiv:2006.03204",
    cost=lambda ask: Cost(1 + ask.fills * (1 + ask["samples"])),
    shows="How well a box is still found, in place, class and score, when a pixel is visible: bright where it matters.",
    traps=(
        "Every pixel carries the mean match of all views: only the difference from it means something.",
        "Needs thousands of views; the error bars say whether there were enough.",
        "A detector's own threshold hides weak boxes: below it a view counts as no match at all.",
    ),
    signed=False,
    samples=True,
    scale="probability",
)
def d_rise(
    probe: Probe,
    *,
    samples: int = 5000,
    cells: int = 16,
    keep: float = 0.5,
    baseline: Baseline = Mean(),
    tolerance: Tolerance = 0.1,
    seed: int = 0,
) -> Evidence:
    """RISE with the similarity of detections as score (eqs. 1 to 5); for a model without boxes it is RISE itself."""
    return mean_of_views(
        probe, samples=samples, cells=cells, keep=keep, baseline=baseline, tolerance=tolerance, seed=seed
    )
