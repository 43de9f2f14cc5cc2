"""First frames: the earlier, the more important, whatever the model thinks."""

from __future__ import annotations

import torch

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.probe import Probe
from ..errors import BadOption
from ..registry import method


@method(
    "first-frames",
    family="control",
    needs=Capability.SCORES,
    paper="control; Otani et al. 2019, arXiv:1903.11328 (guesses that do not look score well)",
    cost=lambda ask: Cost(1),
    shows="Only the order of frames, the first one strongest: what a guess without looking would say.",
    signed=False,
    class_blind=True,
    spaces=(3,),
    traps=("Where events lie early in every clip this scores well: a method that is not better says nothing.",),
)
def first_frames(probe: Probe) -> Evidence:
    """A straight line from 1 at the first frame down to almost 0 at the last, the same everywhere in a frame."""
    if probe.images.ndim != 5:
        raise BadOption("A photo has no first frames.", fix="use the control centre-prior for photos.")
    b, _, t, *space = probe.images.shape
    line = 1 - torch.arange(t) / t
    return Evidence(line[:, None, None].expand(b, t, *space), notes=("A control: it knows nothing of the model.",))
