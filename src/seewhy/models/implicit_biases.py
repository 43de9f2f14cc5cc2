"""Everything that adds to a network's answer without being an image: each bias where it enters, kept with its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .attention import Recorder
from .bending import Bending, Call, elementwise, is_signal, names, with_slope, without_rule
from .rescaling import rescaled

CARRIES = {f"conv{kind}{axes}d": 2 for kind in ("", "_transpose") for axes in (1, 2, 3)} | {"linear": 2}
ADDING = names("add sub rsub subtract addmm cat concat concatenate stack hstack pad where masked_fill")
AFFINE = frozenset(CARRIES) | ADDING
HOMOGENEOUS = names("relu leaky_relu prelu rrelu abs")  # f(x) = f'(x) x: no bias of their own
GATED = names("gelu silu mish hardswish")  # x times a gate


@dataclass(frozen=True)
class Bias:
    """What a call adds of itself: its answer in the graph, and the part of it that is not due to its input."""

    name: str
    answer: Tensor
    bias: Tensor


class Biases(Bending):
    """Keeps the bias of every affine operator and every smooth non-linearity (Srinivas & Fleuret 2019)."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Bias] = []
        self.unruled: set[str] = set()

    def answer(self, call: Call) -> Any:
        if not call.signals:
            return call.plain()
        if call.name in AFFINE or _frozen(call):
            return self._affine(call)
        if elementwise(call) and call.name not in HOMOGENEOUS:
            return call.bent(lambda given, answer: self._keep(call.name, answer, answer - _linear_part(call, given)))
        if without_rule(call) or call.name == "batch_norm":
            self.unruled.add(call.name)
        return call.plain()

    def _affine(self, call: Call) -> Any:
        if call.name in CARRIES and call.given(CARRIES[call.name], "bias") is None:
            return call.plain()
        with torch.no_grad():
            bias = _without_signals(call).plain()  # what it answers to nothing is what it adds
        if not bool(bias.any()):
            return call.plain()
        return call.bent(lambda _, answer: self._keep(call.name, answer, bias))

    def _keep(self, name: str, answer: Tensor, bias: Tensor) -> Tensor:
        hides = bias.detach().isinf()  # a mask before a softmax: no slope comes back from there, so it adds nothing
        self.found.append(Bias(name, answer, bias.detach().masked_fill(hides, 0.0)))
        return answer.clone()  # nothing that runs later can write into what was kept


class Balanced(Biases):
    """The same on the balanced way back of LibraGrad (Mehri et al. 2025): gates, scales and halves of products.

    A gate and the scale of a normalisation count as constants, and each factor of a product takes half of the gradient;
    attention weights are constants by `ConstantAttention`.
    """

    def answer(self, call: Call) -> Any:
        if not call.signals:
            return call.plain()
        if call.name in GATED:
            return call.bent(_gated)
        if call.name in ("layer_norm", "rms_norm"):
            return self._normalised(call)
        if call.name in ("mul", "matmul", "bmm", "einsum") and call.signals == 2:
            return call.bent(_halved)
        return super().answer(call)

    def _normalised(self, call: Call) -> Tensor:
        given, weight, answer = call.input, call.given(2, "weight"), call.plain()
        centred = call.name == "layer_norm"
        axes = tuple(range(-len(call.given(1, "normalized_shape")), 0))
        path = given - given.mean(dim=axes, keepdim=True) if centred else given
        least = call.given(4 if centred else 3, "eps")
        least = torch.finfo(given.dtype).eps if least is None else least
        scale = (path.square().mean(dim=axes, keepdim=True) + least).rsqrt().detach()
        answer = with_slope(answer, path, scale if weight is None else scale * weight)
        bias = call.given(3, "bias") if centred else None
        return answer if bias is None else self._keep(call.name, answer, bias)


class ConstantAttention(Recorder):
    """Attention in the open, whose weights are constants for the gradient; it keeps none."""

    def _blinded(self, scores: Tensor) -> Tensor:
        return scores.detach()

    def _record(self, weights: Tensor, kind: str) -> Tensor:
        return weights


def _frozen(call: Call) -> bool:
    """Whether the call is a batch normalisation with stored statistics, which makes it affine."""
    return call.name == "batch_norm" and not call.given(5, "training", False)


def _linear_part(call: Call, given: Tensor) -> Tensor:
    """Slope times input of an elementwise function."""
    with torch.enable_grad():
        at = given.detach().clone().requires_grad_()
        (slope,) = torch.autograd.grad(call.of(at.clone()).sum(), at)
    return slope * at.detach()


def _gated(given: Tensor, answer: Tensor) -> Tensor:
    nothing = given.new_zeros(())  # f(0) = 0, so the gate is the slope from there
    return rescaled(given, answer, nothing, nothing)


def _halved(_: Any, answer: Tensor) -> Tensor:
    answer.register_hook(lambda slope: slope / 2)
    return answer


def _without_signals(call: Call) -> Call:
    """The call with zeros for everything that depends on the image."""

    def empty(value: Any) -> Any:
        if isinstance(value, Tensor):
            return torch.zeros_like(value) if is_signal(value) else value
        return type(value)(map(empty, value)) if type(value) in (list, tuple) else value

    kwargs = {name: empty(value) for name, value in call.kwargs.items()}
    return Call(call.function, tuple(map(empty, call.args)), kwargs)
