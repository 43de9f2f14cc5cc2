"""F-Fidelity: does a copy that knows images with holes lose the class with what the map marks, and only with that?"""

from __future__ import annotations

import torch
from torch import Tensor

from ..domain.cost import Cost
from ..domain.ranges import share, whole
from ..domain.score import Effort, Line, Score, Scores
from ..engine.chance import Chance
from ..engine.masked import Masked
from ..engine.trial import Trial
from ..metric_registry import metric


@metric(
    "f-fidelity",
    family="removal",
    card="extended",
    asks=("tuned",),
    blind_scale=True,
    paper="Zheng et al. 2024, arXiv:2410.02970",
    effort=lambda options: Effort(Cost(1 + 2 * options["samples"])),
    lines=(
        Line("f-fidelity+", "higher", "How often the class is lost without random parts of what the map marks."),
        Line("f-fidelity-", "lower", "How often the class is lost without random parts of the rest."),
        Line("f-fidelity", "higher", "The first less the second.", 0.0),
    ),
    traps=(
        "Never more than a tenth of the image is removed: a class that hangs on more than that is never lost.",
        "The authors' example draws its marked pixels by chance; here they are those of the map.",
    ),
)
def f_fidelity(trial: Trial, *, keep: float = 0.2, samples: int = 50) -> Scores:
    """Of the `keep` most relevant share of the pixels, and of the others, random halves are removed."""
    share("keep", keep)
    whole("samples", samples)
    asked, ranks = trial.asked_of_the_copy(), trial.ranks
    marked = ranks < keep * ranks.numel()
    chance = trial.chance
    plus, minus = (_lost(asked, part, samples, chance) for part in (marked, ~marked))
    apart = (plus.stderr**2 + minus.stderr**2) ** 0.5
    return {"f-fidelity+": plus, "f-fidelity-": minus, "f-fidelity": Score(plus.value - minus.value, apart)}


HALF, MOST = 0.5, 0.1  # of the part, but never more than this share of the image


def _lost(asked: Trial, part: Tensor, samples: int, chance: Chance) -> Score:
    """How often the class falls when random pixels of a part are removed."""
    inside = part.flatten().nonzero()[:, 0]
    size = round(min(HALF * len(inside), MOST * part.numel()))
    masked = Masked(asked.probe, asked.image)
    show = masked.over(asked.fill.fill(asked.image)[0])
    before, lost = int(asked.probe.clean[0].argmax()), 0
    for start in range(0, samples, asked.probe.chunks.forward):
        count = min(asked.probe.chunks.forward, samples - start)
        masks = torch.ones(count, part.numel(), dtype=torch.bool, device=part.device)
        for mask in masks:
            mask[inside[chance.order(len(inside))[:size]]] = False
        outputs = masked.outputs(masks.reshape(count, *part.shape), show)
        lost += int((outputs.argmax(dim=1) != before).sum())
    return Score.share(lost, samples)
