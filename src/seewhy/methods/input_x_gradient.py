"""Input × gradient: the first-order estimate of what each pixel adds compared with a baseline."""

from __future__ import annotations

import torch

from ..domain.baseline import Baseline, Colour
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.probe import Probe
from ..registry import method


@method(
    "input-x-gradient",
    family="gradient",
    needs=Capability.SCORES | Capability.GRADIENTS,
    paper="Shrikumar et al. 2016, arXiv:1605.01713",
    cost=lambda ask: Cost(1, 1),
    shows="What each pixel adds to the score if the model were a plane through this image.",
    traps=(
        "Blind where the score is saturated.",
        "The baseline colour itself can never matter: black pixels get zero.",
    ),
    axioms=("dummy", "linear", "proportional", "symmetric", "timely", "motion"),
    reads=("input",),
)
def input_x_gradient(probe: Probe, *, baseline: Baseline = Colour(0.0)) -> Evidence:
    """(image - baseline) times the gradient, summed over channels."""
    start = torch.stack([baseline.fill(image).mean(dim=0) for image in probe.images])
    return Evidence(((probe.images - start) * probe.gradients()).sum(dim=1))
