"""A network lent to one thread: in evaluation mode, frozen, and given back as it was."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

T = TypeVar("T")

# A network is lent to one thread at a time: its flags and hooks are its own, so two readers would see each other's.
LOCKS: weakref.WeakKeyDictionary[nn.Module, threading.RLock] = weakref.WeakKeyDictionary()
# What was found about a network that is lent: nobody writes its weights meanwhile, so it is looked for once.
FOUND: weakref.WeakKeyDictionary[nn.Module, dict[Callable[..., Any], Any]] = weakref.WeakKeyDictionary()


@contextmanager
def lent(module: nn.Module, device: torch.device) -> Iterator[None]:
    """The network in evaluation mode without gradients of its own, for this thread alone."""
    with LOCKS.setdefault(module, threading.RLock()), _with_graph(device):
        if module in FOUND:  # lent already, by whoever called the one that asks
            yield
        else:
            with _remembering(module), _changed(module):
                yield


def while_lent(find: Callable[[nn.Module], T], module: nn.Module) -> T:
    """What there is to find about a network; looked for once while it is lent."""
    found = FOUND.get(module)
    if found is None:
        return find(module)
    if find not in found:
        found[find] = find(module)
    return found[find]  # type: ignore[no-any-return]


def state_of(module: nn.Module) -> int:
    """A number that changes when parts are exchanged or weights are written, without reading the weights."""
    return while_lent(_state, module)


def tensors(module: nn.Module) -> Iterator[Tensor]:
    """Weights and buffers."""
    yield from module.parameters()
    yield from module.buffers()


def named_tensors(module: nn.Module) -> list[tuple[str, Tensor]]:
    """Weights and buffers with their names; looked for once while the network is lent."""
    return while_lent(_named, module)


def _named(module: nn.Module) -> list[tuple[str, Tensor]]:
    return [*module.named_parameters(), *module.named_buffers()]


def _state(module: nn.Module) -> int:
    parts = tuple((name, id(type(part))) for name, part in module.named_modules())
    weights = tuple((t.data_ptr(), 0 if t.is_inference() else t._version) for _, t in named_tensors(module))
    return hash((parts, weights))


@contextmanager
def _remembering(module: nn.Module) -> Iterator[None]:
    FOUND[module] = {}
    try:
        yield
    finally:
        del FOUND[module]


@contextmanager
def _changed(module: nn.Module) -> Iterator[None]:
    modes = [(part, part.training) for part in module.modules()]
    flags: list[tuple[Tensor, bool]] = [(p, p.requires_grad) for p in module.parameters()]
    try:
        _set([(part, False) for part, _ in modes], [(parameter, False) for parameter, _ in flags])
        yield
    finally:
        _set(modes, flags)


def _set(modes: list[tuple[nn.Module, bool]], flags: list[tuple[Tensor, bool]]) -> None:
    """Write only what differs: most networks come as they are wanted, and torch writes slowly."""
    for part, mode in modes:
        if part.training != mode:
            part.training = mode  # not .eval(): some networks rewrite their weights in there
    for parameter, flag in flags:
        if parameter.requires_grad != flag:
            parameter.requires_grad_(flag)


@contextmanager
def _with_graph(device: torch.device) -> Iterator[None]:
    """Gradients in the precision of the weights, whatever mode the caller is in."""
    with torch.inference_mode(False), torch.enable_grad(), torch.autocast(device.type, enabled=False):
        yield
