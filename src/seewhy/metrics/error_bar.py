"""Error bar: how sure a sampling method is of its own map."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from ..domain.score import Line, Score, Scores, Unjudged
from ..engine.chance import Chance
from ..engine.trial import Trial, ranks_of
from ..metric_registry import metric

TOP, DRAWS = 0.05, 200


@metric(
    "error-bar",
    family="stability",
    card="quick",
    reads_map=False,
    asks=("samples",),
    paper="none: the map's own simultaneous 95 % band, and a parametric bootstrap of its order",
    lines=(
        Line("error bar", "lower", "Largest half-width of the map's own 95 % band, as a share of its range."),
        Line("top places kept", "higher", f"Chance that one of the top {TOP:.0%} is there again in another run."),
    ),
    traps=(
        "Only the error of sampling: a map can be sure and wrong.",
        "Errors of neighbouring places are taken as independent; where they move together the order is steadier.",
    ),
)
def error_bar(trial: Trial) -> Scores:
    """Read from the error bars that the method gave, before anything is interpolated."""
    evidence = trial.evidence
    if evidence is None or evidence.stderr is None or evidence.band is None:
        raise Unjudged("the method draws no samples: its map is exact up to rounding")
    parts = None if evidence.parts is None else evidence.parts[0]
    given = (evidence.values[0], evidence.stderr[0], evidence.band[0])
    values, stderr, band = given if parts is None else (parts.values, parts.stderr, parts.band)
    width = float(values.max() - values.min())
    if width == 0:
        raise Unjudged("the map is the same everywhere")
    assert stderr is not None
    assert band is not None
    return {"error bar": Score(float(band.max()) / width), "top places kept": _kept(values, stderr, trial.seed)}


def _kept(values: Float[Tensor, "*places"], stderr: Float[Tensor, "*places"], seed: int) -> Score:
    """The share of the top places that stay among them when the map is drawn anew from its error bars."""
    top = max(1, round(TOP * values.numel()))
    first, chance = ranks_of(values, seed) < top, Chance(seed, values.device)
    shares = []
    for _ in range(DRAWS):
        drawn = values + stderr * chance.normal(*values.shape)
        shares.append(float(((ranks_of(drawn, seed) < top) & first).sum()) / top)
    return Score.mean(shares)
