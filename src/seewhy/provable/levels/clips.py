"""C13: networks that look at time: any order, one event, something that stands still, place times time."""

from __future__ import annotations

import torch
from torch import Tensor

from ..asker import Asker, beyond_chance
from ..claims import RULES
from ..level import level
from ..networks import Formula, bright

FRAMES, SIDE = 4, 2
EVENT = 1  # the frame in which it happens
STILL = 2  # the place of each frame
WORTH = torch.tensor([1.0, -2.0, 0.5, 0.25]), torch.tensor([0.5, 1.0, -1.0, 2.0])  # of frames, and of places


def _frames(p: Tensor) -> Tensor:
    """Places as (n, frame, place)."""
    return p.unflatten(1, (FRAMES, SIDE * SIDE))  # type: ignore[no-any-return]


def _clip() -> Tensor:
    return bright(1, 3, FRAMES, SIDE, SIDE, seed=4)


def _other(p: Tensor) -> Tensor:
    return p[:, 0]


@level("C13", "any order", "symmetric", most=1e-3)
def any_order(asker: Asker) -> float:
    """A network to which the order of frames is nothing, and a frame that repeats: all times get the same."""
    seen = _clip()[:, :, :1].repeat(1, 1, FRAMES, 1, 1)
    draws = asker.draws(Formula(lambda p: _frames(p).sum(dim=1).prod(dim=1), _other), seen)[:, 0].flatten(2)
    return beyond_chance(draws - draws.mean(dim=1, keepdim=True), float(draws.abs().max()))


@level("C13", "event", "dummy", least=0.99)
def event(asker: Asker) -> float:
    """What happens in one frame is seen in that frame: its share of the map's mass."""
    found = asker.maps(Formula(lambda p: _frames(p)[:, EVENT].prod(dim=1), _other), _clip())[0].abs().flatten(1)
    return float(found[EVENT].sum() / found.sum().clamp(min=1e-12))


@level("C13", "standing still", "dummy", least=0.99)
def standing_still(asker: Asker) -> float:
    """What counts at one place in every frame is seen at that place: its share of the map's mass."""
    found = asker.maps(Formula(lambda p: _frames(p)[:, :, STILL].prod(dim=1), _other), _clip())[0].abs().flatten(1)
    return float(found[:, STILL].sum() / found.sum().clamp(min=1e-12))


@level("C13", "place times time", *RULES, most=0.01)
def place_times_time(asker: Asker) -> tuple[float, str]:
    """The product of a sum over frames and a sum over places: the rule's own answer for each of sixteen."""
    return asker.strays(Formula(place_and_time, _other), _clip()[0])


def place_and_time(p: Tensor) -> Tensor:
    """What the frames are worth times what the places are worth."""
    clip = _frames(p)
    return (clip.mean(dim=2) @ WORTH[0].to(p)) * (clip.mean(dim=1) @ WORTH[1].to(p))
