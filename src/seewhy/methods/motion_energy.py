"""Motion energy: where and when a clip changes, whatever the model thinks."""

from __future__ import annotations

import torch

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..engine.probe import Probe
from ..errors import BadOption
from ..registry import method


@method(
    "motion-energy",
    family="control",
    needs=Capability.SCORES,
    paper="control; Adelson & Bergen 1985, doi:10.1364/JOSAA.2.000284 (here the difference of frames)",
    cost=lambda ask: Cost(1),
    shows="Where the clip changes from frame to frame: what a motion detector finds without asking the model.",
    signed=False,
    class_blind=True,
    spaces=(3,),
    traps=("A method that is not better than this explains the camera, or what moves, not the model.",),
)
def motion_energy(probe: Probe) -> Evidence:
    """The mean absolute difference of each frame from the one before; of the first one from the next."""
    clips = probe.images.float()
    if clips.ndim != 5 or clips.shape[2] < 2:
        raise BadOption("Motion energy needs a clip of two frames or more.", fix="use the control edges for photos.")
    steps = clips.diff(dim=2).abs().mean(dim=1)
    return Evidence(torch.cat([steps[:, :1], steps], dim=1), notes=("A control: it knows nothing of the model.",))
