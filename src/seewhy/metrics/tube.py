"""Tube: how well a map follows what is marked, frame by frame."""

from __future__ import annotations

import torch
from torch import Tensor

from ..domain.score import Line, Score, Scores, Unjudged
from ..engine.inside import strongest_inside
from ..engine.trial import Trial
from ..metric_registry import metric


@metric(
    "tube",
    family="place",
    card="standard",
    asks=("truth", "clip"),
    paper="Li et al. 2021, WACV (energy in boxes of each frame); Wang et al. 2020, arXiv:1910.01279",
    lines=(
        Line("tube energy", "higher", "Density of positive values in each frame's mask, by that of the frame.", 1.0),
        Line("tube overlap", "higher", "Intersection over union in each frame, at the area of its mask."),
        Line(
            "energy in marked frames",
            "higher",
            "Density of positive values in frames with a mask, by all.",
            1.0,
        ),
    ),
    traps=(
        "A box is where the actor is, not what the model uses.",
        "Frames count alike, also those in which the map is weak; the joint overlap is the metric `overlap`.",
    ),
)
def tube(trial: Trial) -> Scores:
    """Means over the frames in which something is marked and something is not."""
    inside, energy = trial.inside.reshape(*trial.clip.shape[1:]), trial.varied.clamp(min=0).double()
    if not bool(energy.any()):
        raise Unjudged("nothing in the map speaks for the target")
    areas = inside.double().mean(dim=(1, 2))
    told = (areas > 0) & (areas < 1)
    return {
        "tube energy": _density(energy, inside, areas, told),
        "tube overlap": _overlap(trial.varied, inside, told),
        "energy in marked frames": _in_time(energy, areas > 0),
    }


def _density(energy: Tensor, inside: Tensor, areas: Tensor, told: Tensor) -> Score:
    strong = told & energy.flatten(1).any(dim=1)
    if not bool(strong.any()):
        return Score.missing("nothing speaks for the target in any marked frame")
    shares = (energy * inside).sum(dim=(1, 2))[strong] / energy.sum(dim=(1, 2))[strong]
    return Score(float((shares / areas[strong]).mean()))


def _overlap(values: Tensor, inside: Tensor, told: Tensor) -> Score:
    if not bool(told.any()):
        return Score.missing("no frame is marked in part")
    held = torch.tensor([strongest_inside(values[i], inside[i]) for i in told.nonzero()[:, 0].tolist()])
    return Score(float((held / (2 - held)).mean()))


def _in_time(energy: Tensor, marked: Tensor) -> Score:
    if bool(marked.all()):
        return Score.missing("something is marked in every frame")
    return Score(float(energy[marked].sum() / energy.sum() / marked.double().mean()))
