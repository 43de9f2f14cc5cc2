"""Patch effect: whether the values of patches go with what the score loses without each (IDSDS)."""

from __future__ import annotations

from ..domain.cost import Cost
from ..domain.regions import Grid
from ..domain.score import Effort, Line, Score, Scores
from ..engine.agreement import pearson, spearman
from ..engine.trial import Trial
from ..metric_registry import metric


@metric(
    "patch-effect",
    family="agreement",
    card="quick",
    paper="Hesse et al. 2024, arXiv:2407.11910 (without the fine-tuned network)",
    effort=lambda options: Effort(Cost(options["cells"] ** 2)),
    lines=(
        Line("patch effect", "higher", "Rank correlation of patches' sums with what the score loses.", 0.0),
        Line("patch effect, linear", "higher", "The same as a linear correlation.", 0.0),
    ),
    traps=(
        "Sixteen patches make a noisy correlation for one image: read the mean over many.",
        "Two patches of which one suffices both count as without effect.",
    ),
)
def patch_effect(trial: Trial, *, cells: int = 4) -> Scores:
    """Correlation over the cells of a grid, on the logit; the values are summed with their signs."""
    asked = trial.on("logit")
    game = asked.game(Grid(cells))
    drops = game.whole() - game.without_each()
    sums = game.regions.sums(asked.varied)
    return {
        "patch effect": Score(spearman(sums, drops)),
        "patch effect, linear": Score(pearson(sums, drops)),
    }
