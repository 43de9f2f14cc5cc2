"""Gaze: whether a map is strong where people looked."""

from __future__ import annotations

import torch
from torch import Tensor

from ..domain.ranges import share
from ..domain.score import Line, Score, Scores
from ..engine.agreement import pearson
from ..engine.trial import Trial
from ..metric_registry import metric

POINTS = "the gaze is given as points: blur it into a density"


@metric(
    "gaze",
    family="place",
    card="standard",
    asks=("gaze",),
    paper="Bylinskii et al. 2019, arXiv:1604.03605",
    lines=(
        Line("gaze correlation", "higher", "Linear correlation with how long people looked where (PCC).", 0.0),
        Line("gaze similarity", "higher", "What both have in common when each sums to 1 (SIM)."),
        Line("gaze at fixations", "higher", "Mean standardised value where people looked (NSS).", 0.0),
        Line("gaze ROC", "higher", "Area under the ROC curve of finding where people looked (AUC-Judd).", 0.5),
    ),
    traps=(
        "People look at faces and the middle whatever the model does: likeness to them is no faithfulness.",
        "Points are where a two-valued gaze map is larger, of a density its largest values (option top).",
        "With n points chance has a ROC area of 1/2 + 1/(2n + 2): use many.",
    ),
)
def gaze(trial: Trial, *, top: float = 0.05) -> Scores:
    """PCC, SIM, NSS and AUC-Judd as in the MIT saliency benchmark; ties in the map are broken by seeded chance."""
    values, looked = trial.varied.double(), trial.looked.double()
    points = len(looked.unique()) == 2
    fixated = looked == looked.max() if points else _largest(looked, top)
    standard = (values - values.mean()) / values.std(correction=0)
    return {
        "gaze correlation": Score.missing(POINTS) if points else Score(pearson(values, looked)),
        "gaze similarity": Score.missing(POINTS) if points else Score(_in_common(values, looked)),
        "gaze at fixations": Score(float(standard[fixated].mean())),
        "gaze ROC": Score(_judd(trial.ranks, fixated)),
    }


def _largest(looked: Tensor, top: float) -> Tensor:
    """The share of places that was looked at longest, equal ones included, but for what was looked at least."""
    share("top", top)
    wanted = max(1, round(top * looked.numel()))
    return (looked >= looked.flatten().topk(wanted).values[-1]) & (looked > looked.min())


def _in_common(values: Tensor, looked: Tensor) -> float:
    """Both from 0 on and with sum 1, the smaller of the two everywhere."""
    one, other = ((part - part.min()) / (part - part.min()).sum() for part in (values, looked))
    return float(torch.minimum(one, other).sum())


def _judd(ranks: Tensor, fixated: Tensor) -> float:
    """The curve has one point per fixated place, at which this one is just let in."""
    first = ranks[fixated].sort().values.double()
    found, places = len(first), ranks.numel()
    hits = torch.arange(1, found + 1, device=first.device)
    alarms = (first + 1 - hits) / (places - found)
    ends = first.new_tensor([0.0]), first.new_tensor([1.0])
    return float(torch.trapezoid(torch.cat([ends[0], hits / found, ends[1]]), torch.cat([ends[0], alarms, ends[1]])))
