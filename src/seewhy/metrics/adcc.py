"""ADCC: what a map keeps, whether it explains what it keeps in the same way, and how little that is, in one number."""

from __future__ import annotations

from typing import Literal

from ..domain.baseline import Colour
from ..domain.blend import blended
from ..domain.cost import Cost
from ..domain.score import Effort, Line, Score, Scores, Unjudged
from ..engine.agreement import pearson
from ..engine.trial import Trial
from ..metric_registry import metric


@metric(
    "adcc",
    family="removal",
    card="extended",
    asks=("explainer",),
    paper="Poppi et al. 2021, arXiv:2104.10252",
    effort=lambda options: Effort(Cost(1), explanations=1),
    lines=(
        Line("ADCC", "higher", "Harmonic mean of 1 - drop, coherency and 1 - complexity."),
        Line("ADCC, drop", "lower", "Share of the probability lost when the map lights the image."),
        Line("ADCC, coherency", "higher", "How alike the map of the lit image is, from 0 to 1.", 0.5),
        Line("ADCC, complexity", "lower", "Mean of the map from 0 to 1: how much is lit."),
    ),
    traps=(
        "One number hides which of three parts it comes from: never a headline.",
        "The authors' file multiplies by 3 where the paper divides, and drops from the top class whatever is asked.",
        "A map shifted upwards is more complex: values are taken from the smallest to the largest.",
    ),
)
def adcc(trial: Trial, *, fill: Literal["black", "colour"] = "black") -> Scores:
    """The map, from 0 to 1, times the image in [0,1] (black) or the normalised one (colour)."""
    asked, values = trial.on("probability"), trial.varied
    light = (values - values.min()) / (values.max() - values.min())
    game = asked.whole(Colour(0.0) if fill == "black" else asked.fill)
    lit = blended(trial.image, light[None], game.baseline.fill(trial.image)[0])
    alike = (1 + pearson(light, trial.maps(lit)[0])) / 2
    before, left = float(game.whole()), float(game.under(light[None])[0])
    if before <= 0:
        raise Unjudged("the class has no probability that could be lost")
    drop, complexity = max(0.0, before - left) / before, float(light.mean())
    return {
        "ADCC": Score(_harmonic(1 - drop, alike, 1 - complexity)),
        "ADCC, drop": Score(drop),
        "ADCC, coherency": Score(alike),
        "ADCC, complexity": Score(complexity),
    }


def _harmonic(*parts: float) -> float:
    return len(parts) / sum(1 / part for part in parts) if all(parts) else 0.0
