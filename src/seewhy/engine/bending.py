"""Gradients that take another way back, in a pass of their own."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from ..domain.cost import Cost
from ..domain.shapes import Images, Scores
from ..models.bending import Rectified
from ..models.rescaling import Reference, Rescaled
from .probe import Probe
from .reading import finite

PLAIN = "No rectifier (such as ReLU) ran in this network: there was nothing to bend, the map is the plain gradient's."


def rectified_gradients(probe: Probe, *, sloped: bool) -> tuple[Images, tuple[str, ...]]:
    """Gradients of the clean images that no rectifier lets through where they are negative, and what to note."""
    mode = Rectified(sloped=sloped)
    with probe.precisely(), probe.model.bending([mode]):
        slopes = probe.gradients(probe.images)
    return slopes, () if mode.met else (PLAIN,)


def multipliers(probe: Probe, starts: Images) -> tuple[Images, Scores, frozenset[str]]:
    """Difference of the score per difference of a pixel, scores of the starts, and operators that had no rule."""
    unruled: set[str] = set()

    def call(rows: slice) -> tuple[Tensor, Tensor]:
        owners = torch.arange(rows.start, min(rows.stop, len(starts)))
        reference = Reference()  # start and image run one after the other through the same calls
        with torch.no_grad(), probe.precisely(), probe.model.bending([reference]):
            empty = probe.score(probe.model(starts[rows]).float(), owners)
        rescaled = Rescaled(reference.calls)
        asked = probe.images[rows].detach().clone().requires_grad_()
        with torch.enable_grad(), probe.precisely(), probe.model.bending([rescaled]):
            total = probe.score(probe.model(asked).float(), owners).sum()
        (found,) = torch.autograd.grad(total, asked)
        probe.control.pay(Cost(2 * len(owners), len(owners)))
        unruled.update(rescaled.unruled)
        return finite(found.float(), probe.model.name), empty

    probe.control.check()
    found, empty = zip(*probe.chunks.run(len(starts), call, backward=True), strict=True)
    return torch.cat(found), torch.cat(empty), frozenset(unruled)


def named(unruled: frozenset[str], what: Literal["rescale", "bias"]) -> tuple[str, ...]:
    """A note that names the operators for which the method has no rule."""
    if not unruled:
        return ()
    does = "the plain gradient was used there" if what == "rescale" else "what they add is not in the sum"
    return (f"No rule exists for {', '.join(sorted(unruled))}: {does}, and completeness tells by how much it fails.",)
