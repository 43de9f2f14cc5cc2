"""Class sensitivity: whether the map of the strongest other class is another map."""

from __future__ import annotations

from ..domain.prediction import rival
from ..domain.score import Effort, Line, Score, Scores, Unjudged
from ..engine.agreement import spearman
from ..engine.trial import Trial
from ..metric_registry import metric


@metric(
    "class-sensitivity",
    family="class",
    card="quick",
    asks=("explainer",),
    blind_scale=True,
    paper="Adebayo et al. 2018, arXiv:1810.03292; Sixt et al. 2020, arXiv:1912.09818 (with the runner-up)",
    effort=lambda options: Effort(explanations=1),
    lines=(
        Line("class sensitivity", "higher", "1 less the rank correlation with the map of the runner-up class.", 0.0),
    ),
    traps=(
        "Two classes may share their reasons: a low number is no proof against a map, 0 is.",
        "Noise that changes with the class would score 1: read it beside the faithfulness.",
        "Maps sampled with one seed share their noise, which makes them look alike: read their error bar first.",
    ),
)
def class_sensitivity(trial: Trial) -> Scores:
    """1 - Spearman's correlation of the maps of two classes: 0 for the same map, 2 for the opposite one."""
    other = rival(trial.target, trial.probe.clean, trial.probe.model.labels)
    if other is None:
        raise Unjudged("there is no other class")
    against = trial.maps(trial.image[None], target=other)[0]
    return {"class sensitivity": Score(1 - spearman(trial.varied, against))}
