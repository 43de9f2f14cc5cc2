"""The Rescale rule (Shrikumar et al. 2017): through a non-linearity goes the slope from a reference to the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ..errors import UnsupportedModel
from .bending import POOLS, Bending, Call, elementwise, with_slope, without_rule

NEAR = 1e-5  # of the numbers subtracted: below this the quotient is rounding noise, and the gradient is its limit


@dataclass(frozen=True)
class Referred:
    """One non-linearity as it ran on the reference."""

    name: str
    given: Tensor
    answer: Tensor


class Reference(Bending):
    """Keeps what every non-linearity was given and answered, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Referred] = []

    def answer(self, call: Call) -> Any:
        if not bendable(call):
            return call.plain()
        given = call.input.clone()
        answer = call.plain()
        self.calls.append(Referred(call.name, given, answer.clone()))
        return answer


class Rescaled(Bending):
    """Bends the same non-linearities, met in the same order, towards their reference."""

    def __init__(self, reference: Sequence[Referred]) -> None:
        super().__init__()
        self.reference, self.unruled = iter(reference), set[str]()

    def answer(self, call: Call) -> Any:
        if not bendable(call):
            if without_rule(call):
                self.unruled.add(call.name)
            return call.plain()
        referred = next(self.reference, None)
        if referred is None or referred.name != call.name or referred.given.shape != call.input.shape:
            raise UnsupportedModel(
                f"The network does not call the same functions for the baseline and the image: {call.name!r} has no"
                " counterpart.",
                fix="use a method that needs none, such as integrated-gradients.",
            )
        if not call.signals:
            return call.plain()
        if call.name in POOLS:
            return _pooled(call, referred)
        return call.bent(lambda given, answer: rescaled(given, answer, referred.given, referred.answer))


def bendable(call: Call) -> bool:
    """Whether the call is a non-linearity of one input, place by place or a maximum over a window."""
    if not isinstance(call.input, Tensor) or not call.input.is_floating_point():
        return False
    return elementwise(call) or (call.name in POOLS and not call.kwargs.get("return_indices"))


def rescaled(given: Tensor, answer: Tensor, start: Tensor, settled: Tensor) -> Tensor:
    """The answer, whose gradient is (answer - settled) / (given - start), or its own where these are too close."""
    change = (given - start).detach()
    size = torch.stack([part.detach().abs() for part in torch.broadcast_tensors(given, answer, start, settled)]).amax(0)
    near = change.abs() <= NEAR * size
    slope = (answer - settled).detach() / change.masked_fill(near, 1.0)
    return torch.where(near, answer, with_slope(answer, given, slope))


def _pooled(call: Call, referred: Referred) -> Tensor:
    """A maximum that rose is the work of the place that holds it now, one that fell of the place that held it before.

    The slope lies between 0 and 1 either way, and no difference is lost.
    """
    answer = call.plain()
    now, before = _where(call, call.input), _where(call, referred.given)
    place = torch.where(answer >= referred.answer, now, before)
    picked, start = (_pick(tensor, place, POOLS[call.name]) for tensor in (call.input, referred.given))
    return rescaled(picked, answer, start, referred.answer)


def _where(call: Call, tensor: Tensor) -> Tensor:
    """The places of the maxima, as indices into the flat grid."""
    kwargs = {key: value for key, value in call.kwargs.items() if key not in ("input", "return_indices")}
    pool = getattr(functional, call.name)
    places: Tensor = pool(tensor.detach(), *call.args[1:], **kwargs, return_indices=True)[1]
    return places


def _pick(tensor: Tensor, places: Tensor, axes: int) -> Tensor:
    return tensor.flatten(-axes).gather(-1, places.flatten(-axes)).reshape(places.shape)
