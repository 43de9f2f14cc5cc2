"""Temporal occlusion: the drop of the score when a moment is taken away, whichever way absence is filled."""

from __future__ import annotations

import itertools
from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..domain.baseline import Blur
from ..domain.capability import Capability
from ..domain.clip_regions import Frames
from ..domain.cost import Cost
from ..domain.evidence import Evidence, PartScores
from ..domain.ranges import whole
from ..domain.score import Unjudged
from ..domain.time_fills import Frozen, Interpolated
from ..engine.agreement import pearson
from ..engine.game import Game
from ..engine.probe import Probe
from ..registry import method

FILLERS = {"the nearest frame": Frozen(), "a fade between frames": Interpolated(), "a blur": Blur()}
AGREE = 0.5  # mean correlation below which the fillers tell different stories


@method(
    "temporal-occlusion",
    family="perturbation",
    needs=Capability.SCORES,
    paper="Zeiler & Fergus 2014, arXiv:1311.2901 (windows), along time and averaged over three fillers",
    cost=lambda ask: Cost(1 + len(FILLERS) * len(windows_in_time(ask.space[0], ask["window"], ask["stride"]))),
    shows="Which moment matters: how much the score drops without the frames around each one.",
    traps=(
        "Two moments of which one suffices hide each other: taking away either changes nothing.",
        "What fills the gap is part of the question: the band holds all three fillers and is no sampling error.",
        "An event that is longer than the window is still there when the window is gone.",
    ),
    axioms=("linear",),
    spaces=(3,),
)
def temporal_occlusion(probe: Probe, *, window: int = 3, stride: int = 1) -> Evidence:
    """Mean drop of the score over the windows of frames that cover a frame, and over three ways to fill them."""
    whole("window", window)
    whole("stride", stride)

    def reading(game: Game) -> Evidence:
        cover = windows_in_time(game.players, window, stride)
        curves = torch.stack([_curve(replace(game, baseline=filler), cover) for filler in FILLERS.values()])
        values = curves.mean(dim=0)
        band = (curves - values).abs().amax(dim=0)
        told, note = _told(curves)
        parts = PartScores(game.regions, values, band=band)
        shown = (game.regions.native(numbers)[None] for numbers in (values, band))
        return Evidence(next(shown), band=next(shown), parts=(parts,), chosen=(told,), own_notes=(note,))

    return probe.play(Frames(), Frozen(), reading)


def windows_in_time(frames: int, window: int, stride: int) -> Bool[Tensor, "windows t"]:
    """The frames of each window; they hang over both ends, so that with a stride of 1 all frames are covered alike."""
    starts, now = torch.arange(1 - window, frames, stride)[:, None], torch.arange(frames)
    return (now >= starts) & (now < starts + window)


def _curve(game: Game, cover: Bool[Tensor, "windows t"]) -> Float[Tensor, " t"]:
    drops = game.whole() - game.values(~cover)
    covers = drops.new_tensor(cover.tolist())
    return drops @ covers / covers.sum(dim=0).clamp(min=1)


def _told(curves: Float[Tensor, "fillers t"]) -> tuple[str, tuple[str, ...]]:
    """How far the fillers agree, and what to think of it where they do not."""
    names = f"Averaged over {', '.join(FILLERS)}, and the band holds all of them."
    try:
        pairs = [pearson(one, other) for one, other in itertools.combinations(curves, 2)]
    except Unjudged:
        return f"{names} A filler that changes every moment alike cannot be compared with the others.", ()
    agreement = sum(pairs) / len(pairs)
    told = f"{names} They agree to {agreement:.2f} (mean correlation over time)."
    note = f"The fillers disagree (correlation {agreement:.2f}): which moment matters depends on what fills its gap."
    return told, (note,) if agreement < AGREE else ()
