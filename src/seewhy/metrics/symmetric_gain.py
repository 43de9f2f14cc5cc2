"""Symmetric gain: how much longer the score lasts when what matters least goes first, not what matters most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..domain.baseline import Baseline, Blur
from ..domain.cost import Cost
from ..domain.linear import Linear
from ..domain.ranges import whole
from ..domain.score import KEEPS, LOSES, Effort, Line, Score, Scores
from ..engine.removal import Removal, removal
from ..engine.trial import Trial
from ..metric_registry import metric


def effort(options: Mapping[str, Any]) -> Effort:
    """Two curves and the empty image, for each fill."""
    return Effort(Cost(options["fills"] * (2 * options["steps"] - 1)))


@metric(
    "symmetric-gain",
    family="removal",
    card="quick",
    brief={"fills": 1},
    blind_scale=True,
    paper="Petsiuk et al. 2018, arXiv:1806.07421; Blücher et al. 2024, arXiv:2405.17292 (symmetric)",
    effort=effort,
    lines=(
        Line("gain", "higher", "Area between removing the least and the most relevant first, smallest fill.", 0.0),
        Line("gain, colour", "higher", "The same where absent is the mean colour of the data.", 0.0),
        Line("gain, blur", "higher", "The same where absent is blurred.", 0.0),
        Line("gain, linear", "higher", "The same where absent is what its neighbours suggest.", 0.0),
        Line("insertion", "higher", "Area under the score while the most relevant pixels come back (LeRF)."),
        Line("deletion", "lower", "Area under the score while the most relevant pixels go (MoRF)."),
        Line("sufficient", "lower", f"Share of the pixels that keeps {KEEPS:.0%} of the score."),
        Line("necessary", "lower", f"Share of the pixels whose loss leaves less than {LOSES:.0%} of the score."),
    ),
    traps=(
        "The model was not trained on images with holes; fills disagree, so the smallest gain is the headline.",
        "Insertion and deletion alone rank methods differently for every fill: never compare these between fills.",
        "Blurring a map, or a bump in the middle, scores well: look at the controls first.",
    ),
)  # fmt: skip
def symmetric_gain(trial: Trial, *, steps: int = 28, fills: int = 3) -> Scores:
    """Insertion less deletion with one shared fill, on the probability of the target."""
    asked = trial.on("probability")
    kinds: dict[str, Baseline] = {"colour": asked.fill, "blur": Blur(), "linear": Linear()}
    whole("fills", fills, most=len(kinds))
    curves = {name: removal(asked.whole(fill), asked.ranks, steps) for name, fill in list(kinds.items())[:fills]}
    gains = {f"gain, {name}": Score(curve.gain) for name, curve in curves.items()}
    gains |= {f"gain, {name}": Score.missing("this fill was not asked about") for name in list(kinds)[fills:]}
    return {
        "gain": Score(min(curve.gain for curve in curves.values())),
        **gains,
        "insertion": _mean(curves, lambda curve: curve.lerf),
        "deletion": _mean(curves, lambda curve: curve.morf),
        "sufficient": _mean(curves, lambda curve: curve.sufficient(KEEPS)),
        "necessary": _mean(curves, lambda curve: curve.necessary(LOSES)),
    }


def _mean(curves: Mapping[str, Removal], read: Any) -> Score:
    return Score(float(np.mean([read(curve) for curve in curves.values()])))
