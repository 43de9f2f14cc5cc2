"""Temporal mask: the shortest stretches of time whose motion the score needs, found by freezing or reversing them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from ..domain.capability import Capability
from ..domain.cost import Cost
from ..domain.evidence import Evidence
from ..domain.ranges import positive, whole
from ..engine.probe import Probe
from ..engine.time_edits import Weights, backwards, frozen
from ..registry import method

EDITS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"freeze": frozen, "reverse": backwards}
RATE, START = 0.2, 2.0  # of Adam; weights begin at this and its negative, before the sigmoid
ENOUGH = 0.9  # share of the drop under the whole mask that the window to begin with must reach


@method(
    "temporal-mask",
    family="perturbation",
    needs=Capability.SCORES | Capability.GRADIENTS,
    paper="Mänttäri et al. 2020, arXiv:2002.00367",
    cost=lambda ask: Cost(1 + ask.space[0] + ask["steps"] + 2, ask["steps"]),
    shows="When motion matters: the frames that lower the score most when time stands still there, or runs backwards.",
    traps=(
        "The search climbs from one start, a window in the middle: another stretch may do as well.",
        "The weights of length and roughness are in units of the score: they suit probabilities.",
        "A frozen stretch also hides what only its frames show: that the motion mattered is not proven by it.",
        "The first frame has none before it, so it is never frozen.",
    ),
    signed=False,
    spaces=(3,),
    scale="probability",
)
def temporal_mask(
    probe: Probe,
    *,
    edit: Literal["freeze", "reverse"] = "freeze",
    steps: int = 100,
    length: float = 0.01,
    roughness: float = 0.02,
) -> Evidence:
    """Adam on score + length * sum of weights + roughness * sum of their changes cubed."""
    whole("steps", steps)
    for name, weight in (("length", length), ("roughness", roughness)):
        positive(name, weight, or_zero=True)
    values, told = [], []
    for i, clip in enumerate(probe.images):
        levels = _start(probe, i, EDITS[edit])
        adam = torch.optim.Adam([levels], RATE)
        for _ in range(steps):
            levels.grad = _slope(probe, i, EDITS[edit], levels, length, roughness)
            adam.step()
        found = levels.detach().sigmoid()
        values.append(found)
        told.append(_told(probe, i, torch.stack([frozen(clip, found), backwards(clip, found)])))
    return Evidence(torch.stack(values)[:, :, None, None], chosen=tuple(told))


def _start(probe: Probe, i: int, edit: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Before the sigmoid: the smallest window in the middle whose edit drops the score nearly as far as all of it."""
    clip = probe.images[i]
    count = clip.shape[1]
    sizes, now = torch.arange(1, count + 1)[:, None], torch.arange(count)
    starts = (count - sizes) // 2
    windows = clip.new_tensor(((now >= starts) & (now < starts + sizes)).tolist())
    scores = probe.scores(torch.stack([edit(clip, window) for window in windows]), torch.full((count,), i))
    drops = probe.score(probe.clean)[i] - scores
    first = int((drops >= ENOUGH * drops[-1]).int().argmax()) if drops[-1] > 0 else count - 1
    return (START * (2 * windows[first] - 1)).requires_grad_()


def _slope(
    probe: Probe, i: int, edit: Callable[[Tensor, Tensor], Tensor], levels: Tensor, length: float, roughness: float
) -> Weights:
    """How the loss changes with each weight, before its sigmoid."""
    with torch.enable_grad():
        weights = levels.sigmoid()
        shown = edit(probe.images[i], weights)
        plain = length * weights.sum() + roughness * weights.diff().abs().pow(3).sum()
    slopes = probe.gradients(shown.detach()[None], torch.tensor([i]))[0]
    (found,) = torch.autograd.grad([shown, plain], levels, [slopes, torch.ones_like(plain)])
    return found


def _told(probe: Probe, i: int, edited: Tensor) -> str:
    clean = float(probe.score(probe.clean)[i])
    still, back = probe.scores(edited, torch.full((2,), i)).tolist()
    return f"The clip scores {clean:.4g}; with the marked time frozen {still:.4g}, with it played backwards {back:.4g}."
