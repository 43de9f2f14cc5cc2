"""One pass of a network written down call by call, so that it can be run again in parts."""

from __future__ import annotations

import weakref
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
    """The calls of one pass, the answer, the shape of each value, and what it was where a later call reads that."""

    calls: list[Call] = field(default_factory=list)
    shapes: list[torch.Size] = field(default_factory=list)
    clean: dict[int, Tensor] = field(default_factory=dict)
    answer: Any = None
    last_use: dict[int, int] = field(default_factory=dict)  # of a value, the last call that reads it

    @staticmethod
    def of(module: nn.Module, ready: Tensor, spared: Callable[[Call], bool] = lambda _: False) -> Tape:
        """Run a network on one image and write its calls down; values that only spared calls read are let go."""
        tape = Tape()
        with torch.no_grad(), _Writer(tape, spared) as writer:
            writer.name(ready)
            answer = module(ready)
        tape.answer = tree_map(lambda leaf: writer.kept(leaf) if isinstance(leaf, Tensor) else leaf, answer)
        writer.check()
        for at, call in enumerate(tape.calls):
            tape.last_use |= {value.index: at for value in call.values}
        tape.last_use |= {leaf.index: len(tape.calls) for leaf in tree_leaves(tape.answer) if isinstance(leaf, Value)}
        return tape


class _Writer(TorchFunctionMode):
    """Writes down every call that touches what depends on the input."""

    def __init__(self, tape: Tape, spared: Callable[[Call], bool]) -> None:
        super().__init__()
        self.tape, self.spared = tape, spared
        self.known: dict[int, tuple[weakref.ref[Tensor], Value]] = {}
        self.versions: dict[int, int] = {}  # of what is kept, so that a write through a view is seen

    def name(self, tensor: Tensor) -> Value:
        """A new value for a tensor, known by that as long as the tensor lives."""
        value, key = Value(len(self.tape.shapes)), id(tensor)
        self.tape.shapes.append(tensor.shape)
        self.known[key] = weakref.ref(tensor, lambda gone: self._forget(key, gone)), value
        return value

    def _forget(self, key: int, gone: weakref.ref[Tensor]) -> None:
        if key in self.known and self.known[key][0] is gone:
            del self.known[key]

    def named(self, leaf: Any) -> Any:
        return self.known[id(leaf)][1] if isinstance(leaf, Tensor) and id(leaf) in self.known else leaf

    def kept(self, tensor: Tensor, before: Tensor | None = None) -> Any:
        """A tensor's value; what it holds, or held before a call wrote into it, stays."""
        value = self.named(tensor)
        if isinstance(value, Value) and (value.index not in self.tape.clean or before is not None):
            held = tensor.detach() if before is None else before
            self.tape.clean[value.index], self.versions[value.index] = held, held._version
        return value

    def check(self) -> None:
        """Refuse a pass in which something was written into what is kept, by whatever way."""
        if any(self.tape.clean[index]._version != version for index, version in self.versions.items()):
            raise Unwritable("a call writes into memory that several values share")

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given, options = tree_map(self.named, (args, dict(kwargs or {})))
        call = Call(func, given, options, None)
        read = [leaf for leaf in tree_leaves((args, dict(kwargs or {}))) if isinstance(self.named(leaf), Value)]
        versions = [tensor._version for tensor in read]
        saved = self._saved(call, args)
        output = func(*args, **(kwargs or {}))
        if not read:
            return output
        written = [tensor for tensor, version in zip(read, versions, strict=True) if tensor._version != version]
        if any(tensor is not args[0] for tensor in written):
            raise Unwritable("a call writes into memory that several values share")
        makes = any(isinstance(leaf, Tensor) for leaf in tree_leaves(output))
        if written and not makes:
            raise Unwritable(f"{call.name} writes without an answer")
        if makes:
            self._write(call, read, written, saved, output)
        return output

    def _write(self, call: Call, read: list[Tensor], written: list[Tensor], saved: Tensor | None, output: Any) -> None:
        for tensor in read:
            if any(tensor is one for one in written):
                if saved is not None:
                    self.kept(tensor, saved)
                elif not self.spared(call):
                    raise Unwritable("a call writes into memory that several values share")
            elif not self.spared(call):
                self.kept(tensor)
        made = tree_map(lambda leaf: self.name(leaf) if isinstance(leaf, Tensor) else leaf, output)
        self.tape.calls.append(Call(call.function, call.args, call.kwargs, made))

    def _saved(self, call: Call, args: tuple[Any, ...]) -> Tensor | None:
        """What the first argument held, where the call may write into it and somebody reads what it held."""
        writes = call.name.endswith("_") or any(arg is True for arg in args[1:]) or call.name in INPLACE
        value = self.named(args[0]) if args else None
        if not writes or not isinstance(value, Value):
            return None
        needed = value.index in self.tape.clean or not self.spared(call)
        return args[0].detach().clone() if needed else None


INPLACE = ("relu", "relu6", "hardtanh", "leaky_relu", "silu", "hardswish", "hardsigmoid", "elu", "mish", "dropout")
