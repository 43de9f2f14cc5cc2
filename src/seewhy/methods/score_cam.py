"""Score-CAM: feature maps weighted by the score of the image seen through each."""

from __future__ import annotations

import torch

from ..domain.baseline import Baseline, Mean
from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.ranges import whole
from ..domain.regions import Grid
from ..engine.features import alike, feature_masks, means
from ..engine.game import Game
from ..engine.maps import Sign, weighted_map
from ..engine.probe import Probe
from ..registry import Ask, method


def _cost(ask: Ask) -> Cost:
    channels = ask.layer[0]
    return Cost(1 + ask.fills * (min(ask["groups"], channels) or channels))


@method(
    "score-cam",
    family="activation",
    needs=Capability.SCORES | Capability.LAYERS,
    paper="Wang et al. 2020, arXiv:1910.01279",
    cost=_cost,
    shows="Coarse places whose features, shown alone, keep the score up; needs no gradient.",
    traps=(
        "As coarse as the layer.",
        "The weights are a softmax over channels: on probabilities nearly all are alike and the map hardly depends on"
        " the class, on logits that differ by much one channel decides.",
        "Every weight is positive, so no map can speak against the class.",
        "What is not shown is filled with the baseline, a picture that the network may never have met.",
    ),
    axioms=("pointing", "timely", "motion"),
    reads=("layer",),
)
def score_cam(
    probe: Probe,
    *,
    layer: str | None = None,
    sign: Sign = "positive",
    groups: int = 0,
    baseline: Baseline = Mean(),
) -> Evidence:
    """ReLU of the sum of feature maps, weighted by a softmax of the scores under their masks (algorithm 1).

    The score of the baseline, which the paper subtracts, cancels in the softmax. With groups, channels that look alike
    share one mask and one score.
    """
    whole("groups", groups, least=0)
    record = probe.layer(layer, gradients=False)

    def reading(game: Game) -> Evidence:
        features = record.activations[game.index].float()
        count = min(groups, len(features))
        group = alike(features, count) if count else torch.arange(len(features), device=features.device)
        shown = means(features, group, count) if count else features
        masks = feature_masks(shown, game.regions.space, probe.chunks.forward)
        scores = torch.cat([scores for _, scores in game.soft(masks)])
        own = record.row(slice(game.index, game.index + 1), gradients=False)
        return weighted_map(own, scores[group].softmax(dim=0)[None], sign)

    return probe.play(Grid(1), baseline, reading)
