"""Integrated gradients: gradients summed up along the way from a baseline to the image."""

from __future__ import annotations

from torch import Tensor

from ..domain.baseline import Baseline, Colour
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.path import Path, integrated, on_fixed_nodes, straight
from ..engine.probe import Probe
from ..registry import method


@method(
    "integrated-gradients",
    family="gradient",
    needs=Capability.SCORES | Capability.GRADIENTS,
    paper="Sundararajan et al. 2017, arXiv:1703.01365",
    cost=lambda ask: Cost(1 + ask.fills * _forwards(ask["steps"], ask["tolerance"]), ask.fills * ask["steps"]),
    shows="What each pixel adds on the way from the baseline to the image; the map sums to the difference of scores.",
    traps=(
        "The answer depends on the baseline: what equals it gets zero.",
        "A small completeness residual proves the arithmetic, not the choice of the baseline.",
        "Maps of two scores add up to the map of their sum only within the tolerance: each has its own nodes.",
    ),
    axioms=("complete", "dummy", "path-integral", "motion"),
)
def integrated_gradients(
    probe: Probe, *, steps: int = 65, tolerance: float = 0.1, baseline: Baseline = Colour(0.0)
) -> Evidence:
    """(image - baseline) times the mean gradient on the straight line between them (eq. 1).

    With a tolerance of 0 all steps are taken, on Gauss–Legendre nodes.
    """
    if tolerance == 0:
        return on_fixed_nodes(probe, baseline, steps=steps)

    def lines(image: Tensor) -> list[Path]:
        return [straight(start, image) for start in baseline.fill(image)]

    return integrated(probe, lines, steps=steps, tolerance=tolerance)


def _forwards(steps: int, tolerance: float) -> int:
    return steps + (tolerance == 0)  # fixed nodes do not touch the ends, so the empty input is asked beside them
