"""Randomisation: whether the map changes when the network forgets everything it learned."""

from __future__ import annotations

import torch
from torch import Tensor

from ..domain.cost import Cost
from ..domain.ranges import whole
from ..domain.score import Effort, Line, Score, Scores
from ..engine.agreement import spearman
from ..engine.forgetting import SETTLING, forgetful
from ..engine.trial import Trial
from ..metric_registry import metric

BINS = 100
VANISHED = "the map vanished in every re-initialised network"


@metric(
    "randomisation",
    family="axiom",
    card="standard",
    asks=("explainer",),
    paper="Adebayo et al. 2018, arXiv:1810.03292; Hedström et al. 2024, arXiv:2401.06465 (eMPRT)",
    effort=lambda options: Effort(Cost(SETTLING * options["samples"]), options["samples"]),
    lines=(
        Line("randomisation", "higher", "1 less the size of the rank correlation with maps of such networks.", 0.0),
        Line("entropy rise", "higher", "Relative rise of the entropy of the map's values (eMPRT).", 0.0),
        Line("vanished", "neither", "Share of those networks whose map is the same everywhere: left out above."),
    ),
    traps=(
        "Passing is necessary, not sufficient: noise would pass.",
        "A function must ask the network that it is handed: one that keeps its own never sees another, and gets 0.",
        "Two maps that follow the edges of one image correlate whatever the networks know.",
        "Maps sampled with one seed share their noise, which makes them look alike: read their error bar first.",
        "Entropy depends on the bins and on single extreme values.",
    ),
)  # fmt: skip
def randomisation(trial: Trial, *, samples: int = 3) -> Scores:
    """Means over networks with all parameters drawn anew, also those that layers share or nobody resets."""
    whole("samples", samples)
    image, before = trial.image[None], trial.varied
    maps = [trial.maps(image, model=forgetful(trial, samples * trial.seed + draw))[0] for draw in range(samples)]
    varied = [after for after in maps if float(after.max()) > float(after.min())]
    vanished = Score.share(samples - len(varied), samples)
    if not varied:
        return {**dict.fromkeys(("randomisation", "entropy rise"), Score.missing(VANISHED)), "vanished": vanished}
    calm = entropy(before)
    return {
        "randomisation": Score.mean([1 - abs(spearman(before, after)) for after in varied]),
        "entropy rise": Score.mean([entropy(after) / calm - 1 for after in varied]),
        "vanished": vanished,
    }


def entropy(values: Tensor, bins: int = BINS) -> float:
    """Of the histogram over the values' own range."""
    shares = torch.histc(values.float(), bins) / values.numel()
    return float(torch.special.entr(shares.double()).sum())
