"""The world as it is around a network, and the proof that something left it so."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules import module as torch_modules

World = dict[str, object]


def world(module: nn.Module) -> World:
    """Everything about a network and about global state that an explanation must not change."""
    found: World = {"global random state": _random_state(), "global modes": _modes(), "torch functions": _functions()}
    found["global hooks"] = _hooks(torch_modules)
    for name, part in module.named_modules():
        found[f"training flag of {name or 'the network'}"] = part.training
        found[f"hooks of {name or 'the network'}"] = _hooks(part)
        found[f"attributes of {name or 'the network'}"] = (tuple(sorted(vars(part))), id(type(part).forward))
    for name, parameter in module.named_parameters():
        found[f"requires_grad of {name}"] = parameter.requires_grad
        found[f".grad of {name}"] = None if parameter.grad is None else (id(parameter.grad), _digest(parameter.grad))
        found[f"hooks of {name}"] = _size(parameter._backward_hooks)
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        found[f"value of {name}"] = (id(tensor), _digest(tensor))
    return found


@contextmanager
def left_as_found(module: nn.Module) -> Iterator[None]:
    """Fail when what runs inside changes the network or the world, also when it raises."""
    before = world(module)
    try:
        yield
    finally:
        after = world(module)
        changed = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
        assert not changed, f"left changed: {', '.join(sorted(changed))}"


def well_used(module: nn.Module) -> nn.Module:
    """A network in the middle of its owner's work: mixed modes, a frozen weight, a gradient, a hook of its own."""
    module.train()
    parts, weights = list(module.modules()), list(module.parameters())
    parts[-1].eval()
    weights[0].requires_grad_(False)
    weights[-1].grad = torch.full_like(weights[-1], 0.5)
    parts[-1].register_forward_hook(_owner)
    return module


def _owner(*_: object) -> None:
    """A hook that belongs to the owner of the network."""


def _hooks(holder: Any) -> tuple[tuple[str, tuple[object, ...]], ...]:
    return tuple((k, tuple(v)) for k, v in sorted(vars(holder).items()) if "hooks" in k and isinstance(v, dict))


def _size(hooks: Any) -> int:
    return len(hooks) if hooks else 0


def _digest(tensor: Tensor) -> bytes:
    pixels = tensor.detach().cpu().contiguous()
    return hashlib.blake2b(repr(pixels.dtype).encode() + pixels.view(-1).view(torch.uint8).numpy().tobytes()).digest()


def _random_state() -> tuple[bytes, bytes, int]:
    numpy_state = repr(np.random.get_state(legacy=False)).encode()
    return _digest(torch.get_rng_state()), hashlib.blake2b(numpy_state).digest(), hash(random.getstate())


def _modes() -> tuple[object, ...]:
    return (
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled("cpu"),
        torch.are_deterministic_algorithms_enabled(),
        torch._C._len_torch_function_stack(),
    )


def _functions() -> tuple[tuple[str, int], ...]:
    """Identities of what a careless method patches to read attention."""
    return tuple((name, id(value)) for name, value in sorted(vars(functional).items()) if callable(value))
