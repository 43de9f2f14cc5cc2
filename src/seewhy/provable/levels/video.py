"""V1 to V10: clips of which it is known when and where something happens, and whether it has to move."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from ...domain.edits import still
from ...testing.tiny_models import pictures, seeded
from ...testing.video_networks import RED, RedDetector, RedMotion, any_order, dull, red_patch, red_square
from ..asker import Asker, Draws, beyond_chance
from ..level import level
from ..networks import HalfMasked, bright

PARTS: dict[str, Any] = {"cells": 4, "samples": 160}
ALIKE = 1e-4  # share of what the map spans: less is no difference
CELLS = ((0, 1), (1, 0))
ORDER = [2, 0, 3, 1]
STRIDES = (1, 2, 4)
MOMENTS, AMID = 12, range(4, 8)  # frames of a clip, and those that no step at either end sees


@level("V1", "still clip", "timely", most=1e-3)
def still_clip(asker: Asker) -> float:
    """Where the order of frames cannot matter, the frames of a still clip are worth the same."""
    clip = still(pictures(1, 3, 8, 16, 16)[0], 0)
    curves = asker.draws(any_order(), clip[None], 1, **PARTS)[:, 0].mean(dim=(2, 3))
    return beyond_chance(curves - curves.mean(dim=1, keepdim=True), float(curves.abs().max()))


@level("V2", "frames exchanged", "timely", most=1e-3)
def frames_exchanged(asker: Asker) -> float:
    """Where the order of frames cannot matter, frames that change places take their values along."""
    clip = bright(1, 3, 4, 2, 2)
    first, second = (asker.draws(any_order(), shown, 1)[:, 0] for shown in (clip, clip[:, :, ORDER]))
    return _apart(second, first[:, ORDER])


@level("V3", "time and place", "timely", least=1.0)
def event(asker: Asker) -> float:
    """The map is strongest when and where the only thing happens that the network looks at: share of six events."""
    events = [(frame, cell) for frame in (1, 4, 7) for cell in CELLS]
    clips = torch.stack([red_patch(frame, cell) for frame, cell in events])
    return _hits(asker, clips, [(frame // 2, *cell) for frame, cell in events])


@level("V4", "later event", "timely", most=1e-3)
def later_event(asker: Asker) -> float:
    """What happens four frames later is found four frames later."""
    early, late = (asker.draws(RedDetector(), red_patch(frame)[None], 1, **PARTS)[:, 0] for frame in (2, 6))
    return _apart(late, early.roll(4, dims=1))


@level("V5", "clip repeated", "timely", most=1e-3)
def clip_repeated(asker: Asker) -> float:
    """A clip that is shown twice is explained by both halves alike."""
    twice = torch.cat([red_patch(3)] * 2, dim=1)
    draws = asker.draws(RedDetector(), twice[None], 1, **PARTS)[:, 0]
    return _apart(draws, draws.roll(8, dims=1))


@level("V6", "half speed", "timely", least=1.0)
def half_speed(asker: Asker) -> float:
    """At half speed the event is found at twice the time: share of two events."""
    slow = torch.stack([red_patch(frame).repeat_interleave(2, dim=1) for frame in (1, 6)])
    return _hits(asker, slow, [(0, 1, 0), (3, 1, 0)])


@level("V7", "steps centred", "timely", most=0.0)
def steps_centred(asker: Asker) -> float:
    """A frame comes back in the middle of the 1, 2 or 4 that a layer averages: frames off, beyond its own way there."""
    clips = torch.stack([_red_frame(frame) for frame in AMID])
    off = [
        _off(asker.draws(RedDetector(stride), clips, 1).mean(dim=(0, 3, 4))) - (stride - 1) / 2 for stride in STRIDES
    ]
    return max(0.0, *(float(one.max()) for one in off))


@level("V8", "motion rule", "motion", least=0.7)
def motion_rule(asker: Asker) -> float:
    """Where only motion counts, hardly anything speaks for the class in any still frame: what is missing there."""
    return _lost_in_stills(asker, RedMotion())


@level("V9", "appearance rule", "motion", most=0.2)
def appearance_rule(asker: Asker) -> float:
    """Where only looks count, a still frame speaks for the class as the clip does: what is missing there."""
    return abs(_lost_in_stills(asker, RedDetector()))


@level("V10", "moments masked off", "local", least=0.99)
def moments_masked_off(asker: Asker) -> float:
    """Where a transformer does not look at the second half of the time, the map shows nothing: mass in the first.

    Maps of tubelets are interpolated over half of one, which is let pass.
    """
    network = seeded(lambda: HalfMasked((16, 8, 8), axis=0))
    mass = asker.maps(network, pictures(1, 3, 16, 8, 8), **PARTS)[0].abs()
    return float(mass[:10].sum() / mass.sum().clamp(min=1e-12))


def _apart(some: Draws, others: Draws) -> float:
    """The difference of maps that ought to be alike; whoever draws nothing has one map of each."""
    return beyond_chance(some - others, float(others.abs().max()))


def _hits(asker: Asker, clips: Float[Tensor, "b 3 t h w"], wanted: list[tuple[int, int, int]]) -> float:
    """The share of clips in which, of 4 times x 4 quarters, none holds more than the right one, and one holds less."""
    maps = asker.draws(RedDetector(), clips, 1, **PARTS).mean(dim=0)
    return sum(
        _peaks(functional.adaptive_avg_pool3d(one[None], (4, 2, 2))[0], cell)
        for one, cell in zip(maps, wanted, strict=True)
    ) / len(wanted)


def _peaks(cells: Float[Tensor, "4 2 2"], cell: tuple[int, int, int]) -> bool:
    here, most, least = float(cells[cell]), float(cells.max()), float(cells.min())
    doubt = ALIKE * (most - least)
    return here >= most - doubt and here > least + doubt


def _red_frame(frame: int) -> Float[Tensor, "3 t h w"]:
    """A dull clip that is red for one frame."""
    clip = dull(MOMENTS, 2)
    clip[:, frame] = torch.tensor(RED)[:, None, None]
    return clip


def _off(curves: Float[Tensor, "b t"]) -> Float[Tensor, " b"]:
    """How far from the red frame the middle of all frames lies that the map is strongest in."""
    least, most = curves.amin(dim=1, keepdim=True), curves.amax(dim=1, keepdim=True)
    strongest = (curves >= most - ALIKE * (most - least)).double()
    peaks = (strongest @ torch.arange(MOMENTS).double()) / strongest.sum(dim=1)
    return (peaks - torch.tensor(AMID)).abs()


def _lost_in_stills(asker: Asker, network: nn.Module) -> float:
    """1 less the best that a single frame, shown all the time, reaches of what speaks for the class in the clip."""
    clip = red_square(moving=True)
    shown = torch.stack([clip, *(still(clip, frame) for frame in range(clip.shape[1]))])
    whole, *stills = asker.maps(network, shown, 1, **PARTS).clamp(min=0).flatten(1).sum(dim=1).tolist()
    return 1 - max(stills) / whole if whole > 0 else 0.0
