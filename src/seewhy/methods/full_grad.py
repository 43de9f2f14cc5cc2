"""FullGrad: the whole score as a sum over places, of the image's gradient and of the gradients of all biases."""

from __future__ import annotations

from typing import Literal

import torch

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.full_gradient import complete, full_gradients
from ..engine.probe import Probe
from ..registry import method


@method(
    "full-grad",
    family="gradient",
    needs=Capability.SCORES | Capability.GRADIENTS,
    paper="Srinivas & Fleuret 2019, arXiv:1905.00780",
    cost=lambda ask: Cost(2, 1),
    shows="Where the score comes from: the map sums to the score itself, biases included at the places they act on.",
    traps=(
        "The sum is the score only for networks of linear layers, elementwise functions and max-pooling; attention,"
        " layer normalisation and products of signals are named, and completeness tells how much is missing.",
        "Biases speak also where the model sees nothing: a place with a value need not hold anything.",
        "form='published' drops signs and rescales every layer: it sums to nothing and hardly depends on the class.",
    ),
    axioms=("timely", "motion"),
)
def full_grad(probe: Probe, *, form: Literal["complete", "published"] = "complete") -> Evidence:
    """Image times gradient plus bias times gradient of every layer, laid over the image."""
    found = full_gradients(probe)
    if form == "published":
        return Evidence(torch.stack([one.published for one in found]))
    return complete(probe, found)
