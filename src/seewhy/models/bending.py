"""Other ways back through a network: a mode sees every torch function that is called and may bend its backward."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode


def names(text: str) -> frozenset[str]:
    """Names of torch functions, separated by spaces."""
    return frozenset(text.split())


RECTIFIERS = names("relu relu6 hardtanh leaky_relu prelu rrelu threshold clamp clamp_min clip")
BOUNDED = names("clamp clamp_min clip")  # rectifiers only where they end at zero
SMOOTH = names(
    "gelu silu mish hardswish elu selu celu sigmoid hardsigmoid tanh softplus softsign logsigmoid softshrink"
    " hardshrink tanhshrink clamp_max abs exp expm1 log log1p log2 sqrt rsqrt square reciprocal sin cos"
)
POOLS = {f"{kind}max_pool{axes}d": axes for kind in ("", "adaptive_") for axes in (1, 2, 3)}
PRODUCTS = names("mul multiply matmul bmm baddbmm einsum div true_divide divide maximum minimum addcmul glu bilinear")
MIXING = names(
    "softmax log_softmax layer_norm group_norm instance_norm rms_norm normalize norm vector_norm var std"
    " scaled_dot_product_attention multi_head_attention_forward max min amax amin topk sort median prod cumprod"
    " logsumexp cosine_similarity cdist pow"
)


@dataclass(frozen=True)
class Call:
    """One call of a torch function."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The function's name, the same for its in-place, operator and module forms."""
        bare = getattr(self.function, "__name__", "").strip("_")
        return {"radd": "add", "iadd": "add", "rmul": "mul", "rpow": "pow"}.get(bare, bare)

    @property
    def tensors(self) -> Iterator[Tensor]:
        """Every tensor that was given, also inside lists."""
        for value in (*self.args, *self.kwargs.values()):
            for part in value if isinstance(value, tuple | list) else (value,):
                if isinstance(part, Tensor):
                    yield part

    @property
    def signals(self) -> int:
        """How many of them depend on the image."""
        return sum(map(is_signal, self.tensors))

    @property
    def input(self) -> Any:
        return self.args[0] if self.args else self.kwargs.get("input")

    def given(self, place: int, name: str, default: Any = None) -> Any:
        """An argument by position or by name."""
        return self.args[place] if len(self.args) > place else self.kwargs.get(name, default)

    def plain(self) -> Any:
        """What the function answers by itself."""
        return self.function(*self.args, **self.kwargs)

    def of(self, tensor: Any) -> Any:
        """What the function answers to another first input."""
        if self.args:
            return self.function(tensor, *self.args[1:], **self.kwargs)
        return self.function(**{**self.kwargs, "input": tensor})

    def bent(self, change: Callable[[Any, Tensor], Tensor]) -> Tensor:
        """`change(input, output)` in place of the output; written into the input where the function does so."""
        if not isinstance(self.input, Tensor):
            return change(self.input, self.plain())
        given = self.input.clone()  # what overwrites its input overwrites this
        answer: Tensor = self.of(given)
        if answer is given:
            return self.input.copy_(change(self.input, answer))
        return change(self.input, answer)


class Bending(TorchFunctionMode):
    """Lets `answer` speak for every torch function while it is active; the network is not touched."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        return self.answer(Call(func, args, kwargs or {}))

    @abstractmethod
    def answer(self, call: Call) -> Any: ...


class Rectified(Bending):
    """Only positive gradients go back through a rectifier; its own slope counts only where it is `sloped`."""

    def __init__(self, *, sloped: bool) -> None:
        super().__init__()
        self.sloped, self.met = sloped, 0

    def answer(self, call: Call) -> Any:
        if call.name not in RECTIFIERS or not call.signals or not torch.is_grad_enabled() or not ends_at_zero(call):
            return call.plain()
        self.met += 1
        return call.bent(self._rectified)

    def _rectified(self, given: Tensor, answer: Tensor) -> Tensor:
        bent = answer if self.sloped else with_slope(answer, given)
        bent.register_hook(lambda slope: slope.clamp(min=0))
        return bent


def is_signal(tensor: Tensor) -> bool:
    """Whether a tensor depends on the image: registered parameters are frozen, others are known by their type."""
    return tensor.requires_grad and not isinstance(tensor, nn.Parameter)


def ends_at_zero(call: Call) -> bool:
    """Whether a clamp is an activation; others guard a division or a logarithm."""
    least = call.given(1, "min")
    return call.name not in BOUNDED or (not isinstance(least, Tensor) and least == 0)


def with_slope(answer: Tensor, path: Tensor, slope: Tensor | float = 1.0) -> Tensor:
    """The same numbers, whose gradient goes back along `path` with this slope instead."""
    return answer.detach() + (path - path.detach()) * slope


def elementwise(call: Call) -> bool:
    """Whether every place of the answer depends on the same place of one input alone."""
    if call.name == "pow":
        return not isinstance(call.given(1, "exponent"), Tensor)
    return call.name in SMOOTH | RECTIFIERS


def without_rule(call: Call) -> bool:
    """Whether the call mixes signals, or places, in a way that is neither linear nor elementwise."""
    return (call.name in MIXING and call.signals > 0) or (call.name in PRODUCTS and call.signals > 1)
