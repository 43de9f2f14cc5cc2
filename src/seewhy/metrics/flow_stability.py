"""Flow stability: whether the map moves with what moves, or flickers on it from frame to frame."""

from __future__ import annotations

from jaxtyping import Bool, Float
from torch import Tensor

from ..domain.optical_flow import flow, followed, warped
from ..domain.score import Line, Score, Scores, Unjudged
from ..engine.trial import Trial
from ..metric_registry import metric

Steps = Float[Tensor, "steps h w"]  # one less than there are frames


@metric(
    "flow-stability",
    family="stability",
    card="standard",
    asks=("clip",),
    paper="Lai et al. 2018, arXiv:1808.00449 (warping error along the flow, of a map instead of a picture)",
    lines=(
        Line("flicker along motion", "lower", "Change of the map from frame to frame, followed along the motion."),
        Line("flicker in place", "neither", "The same at places that stand still: a map that follows has more of it."),
        Line("followed", "neither", "Share of the places that are found again in the next frame: only these count."),
    ),
    traps=(
        "A model that reacts to a moment rightly has a map that comes and goes.",
        "Where nothing moves both numbers are the same, and a map that never changes is perfectly steady.",
        "The flow is an estimate: on flat places and across cuts things cannot be followed.",
    ),
)
def flow_stability(trial: Trial) -> Scores:
    """Sum of |map now - map a frame later| by that of their sizes: 0 moves along, 1 has nothing in common."""
    frames = trial.clip.transpose(0, 1)
    if len(frames) < 2:
        raise Unjudged("one frame has no next one")
    values = trial.varied.reshape(len(frames), *frames.shape[2:]).double()
    now, later = frames[:-1], frames[1:]
    there, back = flow(now, later), flow(later, now)
    known = followed(there, back)
    moved = warped(values[1:, None], there.double())[:, 0]
    return {
        "flicker along motion": flicker(values[:-1], moved, known),
        "flicker in place": flicker(values[:-1], values[1:], known),
        "followed": Score(float(known.double().mean())),
    }


def flicker(now: Steps, later: Steps, known: Bool[Tensor, "steps h w"]) -> Score:
    """The change where it is known, as a share of what is there."""
    size = (now.abs() + later.abs())[known].sum()
    if float(size) == 0:
        return Score.missing("there is no map where things can be followed")
    return Score(float((now - later).abs()[known].sum() / size))
