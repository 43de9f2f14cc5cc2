"""Exact Shapley: all coalitions asked, for a handful of regions."""

from __future__ import annotations

from ..domain.baseline import Baseline, Blur
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.regions import Grid, RegionSpec
from ..engine.probe import Probe
from ..engine.shapley import exact
from ..registry import method


@method(
    "exact-shapley",
    family="shapley",
    needs=Capability.SCORES,
    paper="Shapley 1953, doi:10.1515/9781400881970-018",
    cost=lambda ask: Cost(1 + ask.fills * (2**ask.parts - 1)),
    shows="The fair share of the score for each region, without any sampling error; shares sum to the difference.",
    traps=("The calls double with every region: 16 regions are the most that is allowed.",),
    axioms=("complete", "dummy", "linear", "shapley", "motion"),
)
def exact_shapley(probe: Probe, *, regions: RegionSpec = Grid(3), baseline: Baseline = Blur()) -> Evidence:
    """Mean gain of each region over all coalitions, weighted by Shapley's formula."""
    return probe.play(regions, baseline, exact)
