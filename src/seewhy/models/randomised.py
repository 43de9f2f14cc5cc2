"""A copy of a network that has forgotten what it learned: every parameter drawn anew, nothing shared left out."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from .lending import tensors


def randomised(module: nn.Module, *, seed: int, parts: Collection[str] | None = None) -> nn.Module:
    """A copy in which the parameters of these parts are drawn anew; without a choice, those of all parts.

    The draw does not depend on the choice, so that networks with more and more of it drawn anew are nested.
    """
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would reach every accelerator's state too
        made = copy.deepcopy(module).cpu()  # the draw is the same on every device
        _reset(made)
        for new, old in _pairs(made.parameters(), module.parameters()):
            if torch.equal(new, old):
                values = torch.view_as_real(new) if new.is_complex() else new
                values.copy_(_redrawn(values))
        if parts is not None:
            _restore(made, module, parts)
        first = next(tensors(module), None)
        return made if first is None else made.to(first.device)


@contextmanager
def settling(module: nn.Module, parts: Collection[str] | None = None) -> Iterator[None]:
    """Norms of these parts take their running statistics anew from the calls inside: the old ones fit no longer."""
    norms = [
        part
        for name, part in module.named_modules()
        if isinstance(part, _NormBase) and part.running_mean is not None and (parts is None or name in parts)
    ]
    before = [(norm.training, norm.momentum) for norm in norms]
    try:
        for norm in norms:
            norm.reset_running_stats()
            norm.training, norm.momentum = True, None  # a plain mean over the calls
        yield
    finally:
        for norm, (training, momentum) in zip(norms, before, strict=True):
            norm.training, norm.momentum = training, momentum


def top_down(module: nn.Module, ask: Callable[[], Any]) -> list[str]:
    """The parts that own parameters, nearest the answer first.

    Parts are ordered by when they are first entered, so that what the whole network owns, such as a class token,
    counts as its start; a part whose weights another one uses without calling it counts as run after that one.
    """
    entered: dict[str, int] = {}
    with ExitStack() as stack:
        for name, part in module.named_modules():

            def note(*_: Any, name: str = name) -> None:
                entered.setdefault(name, len(entered))

            stack.callback(part.register_forward_pre_hook(note).remove)
        ask()
    owners = [name for name, part in module.named_modules() if next(part.parameters(recurse=False), None) is not None]
    return sorted(owners, key=lambda name: _place(name, entered), reverse=True)


def _place(name: str, entered: dict[str, int]) -> tuple[int, int]:
    """When a part, or the nearest one around it that is called, was entered."""
    around, depth = name, 0
    while around not in entered and around:
        around, depth = around.rpartition(".")[0], depth + 1
    return entered.get(around, 0), depth


def _reset(module: nn.Module) -> None:
    for part in module.modules():
        reset = getattr(part, "reset_parameters", None)
        if callable(reset):
            with contextlib.suppress(Exception):  # what it leaves is redrawn
                reset()


def _redrawn(old: Tensor) -> Tensor:
    """Numbers of the same mean and spread; where all are the same, each at another factor, zeros staying zero."""
    spread = old.float().std() if old.numel() > 1 else old.new_zeros(())
    if float(spread) == 0:
        return old * (0.5 + torch.rand(old.shape))
    return old.float().mean() + spread * torch.randn(old.shape)


def _restore(made: nn.Module, module: nn.Module, parts: Collection[str]) -> None:
    """Give all other parts back what they held."""
    chosen = {id(tensor) for name in parts for tensor in _own(made.get_submodule(name))}
    for new, old in _pairs(tensors(made), tensors(module)):
        if id(new) not in chosen:
            new.copy_(old)


def _own(part: nn.Module) -> Iterator[Tensor]:
    yield from part.parameters(recurse=False)
    yield from part.buffers(recurse=False)


def _pairs(one: Iterator[Tensor], other: Iterator[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
    return zip(one, (tensor.detach().cpu() for tensor in other), strict=True)
