"""One pass of a network written down call by call, so that it can be run again in parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map


@dataclass(frozen=True)
class Value:
    """Stands for a tensor that depends on the input."""

    index: int


@dataclass(frozen=True)
class Call:
    """One function of torch with its arguments, in which values stand for tensors, and the values it made."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    made: Any

    @property
    def name(self) -> str:
        return getattr(self.function, "__name__", "")

    @property
    def values(self) -> list[Value]:
        return [leaf for leaf in tree_leaves((self.args, dict(self.kwargs))) if isinstance(leaf, Value)]

    def run(self, resolve: Callable[[Value], Tensor]) -> Any:
        """The call with tensors in place of its values."""
        args, kwargs = tree_map(
            lambda leaf: resolve(leaf) if isinstance(leaf, Value) else leaf, (self.args, dict(self.kwargs))
        )
        return self.function(*args, **kwargs)


class Unwritable(Exception):
    """The pass does something that cannot be run again from a tape."""


@dataclass
class Tape:
    """The calls of one pass, the answer, and what each value was when it was made."""

    calls: list[Call] = field(default_factory=list)
    clean: list[Tensor] = field(default_factory=list)
    answer: Any = None
    last_use: dict[int, int] = field(default_factory=dict)  # of a value, the last call that reads it

    @staticmethod
    def of(module: nn.Module, ready: Tensor) -> Tape:
        """Run a network on one image and write its calls down."""
        tape = Tape()
        with torch.no_grad(), _Writer(tape) as writer:
            writer.name(ready)
            answer = module(ready)
        tape.answer = tree_map(lambda leaf: writer.named(leaf), answer)
        for at, call in enumerate(tape.calls):
            tape.last_use |= {value.index: at for value in call.values}
        tape.last_use |= {leaf.index: len(tape.calls) for leaf in tree_leaves(tape.answer) if isinstance(leaf, Value)}
        return tape


class _Writer(TorchFunctionMode):
    """Writes down every call that touches what depends on the input."""

    def __init__(self, tape: Tape) -> None:
        super().__init__()
        self.tape = tape
        self.known: dict[int, Value] = {}
        self.alive: list[Tensor] = []  # so that no identity is used twice

    def name(self, tensor: Tensor) -> Value:
        """A new value for a tensor."""
        value = Value(len(self.tape.clean))
        self.tape.clean.append(tensor.detach())
        self.alive.append(tensor)
        self.known[id(tensor)] = value
        return value

    def named(self, leaf: Any) -> Any:
        return self.known.get(id(leaf), leaf) if isinstance(leaf, Tensor) else leaf

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given, options = tree_map(self.named, (args, dict(kwargs or {})))
        before = [leaf for leaf in tree_leaves((given, options)) if isinstance(leaf, Value)]
        kept = {value.index: (t, t._version) for value in before for t in [self.tape.clean[value.index]]}
        saved = self._saved(func, args)
        output = func(*args, **(kwargs or {}))
        if not before:
            return output
        written = [i for i, (tensor, version) in kept.items() if tensor._version != version]
        if written:
            self._rewritten(written, saved)
        if any(isinstance(leaf, Tensor) for leaf in tree_leaves(output)):
            made = tree_map(lambda leaf: self.name(leaf) if isinstance(leaf, Tensor) else leaf, output)
            self.tape.calls.append(Call(func, given, options, made))
        elif written:
            raise Unwritable(f"{getattr(func, '__name__', func)} writes without an answer")
        return output

    def _saved(self, func: Callable[..., Any], args: tuple[Any, ...]) -> Tensor | None:
        """What the first argument held, where the call may write into it."""
        name = getattr(func, "__name__", "")
        writes = name.endswith("_") or any(arg is True for arg in args[1:]) or name in INPLACE
        first = args[0] if args else None
        return first.detach().clone() if writes and isinstance(first, Tensor) and id(first) in self.known else None

    def _rewritten(self, written: list[int], saved: Tensor | None) -> None:
        if len(written) > 1 or saved is None:  # views of one memory: who else changed cannot be told
            raise Unwritable("a call writes into memory that several values share")
        self.tape.clean[written[0]] = saved


INPLACE = ("relu", "relu6", "hardtanh", "leaky_relu", "silu", "hardswish", "hardsigmoid", "elu", "mish", "dropout")
