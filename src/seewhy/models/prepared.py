"""A copy of a network made for asking: batch norm folded into the convolution before it, channels last."""

from __future__ import annotations

import copy
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
LAYOUTS = {4: torch.channels_last, 5: torch.channels_last_3d}
CLOSE = 1e-4  # of the largest output: folding rounds otherwise, and nothing else may differ


def prepared(module: nn.Module, sample: Tensor) -> nn.Module | None:
    """The network in evaluation mode as a faster copy that answers alike on the sample; None where nothing is gained.

    Parts keep their names, so a layer can still be found; a folded batch norm gives what it gave.
    """
    if not any(isinstance(part, CONVOLUTIONS) for part in module.modules()) or _foreign(module):
        return None
    try:
        with torch.inference_mode(False), torch.no_grad():
            made = copy.deepcopy(module)
            for conv, norm in _pairs(made, sample):
                _fold(made, conv, norm)
            made = made.to(memory_format=LAYOUTS.get(sample.ndim, torch.contiguous_format))  # type: ignore[call-overload]
            return made if _alike(made(as_wanted(sample)), module(sample)) else None
    except Exception:  # a network that cannot be copied or folded is asked as it is
        return None


def as_wanted(ready: Tensor) -> Tensor:
    """Images in the memory layout that a prepared network computes in."""
    return ready.contiguous(memory_format=LAYOUTS.get(ready.ndim, torch.contiguous_format))


def _foreign(module: nn.Module) -> bool:
    """Whether parts are compiled or scripted: a copy of these is not ours to change."""
    return any(isinstance(part, torch.jit.ScriptModule) or hasattr(part, "_orig_mod") for part in module.modules())


def _pairs(module: nn.Module, sample: Tensor) -> list[tuple[str, str]]:
    """Convolutions whose output goes straight into a batch norm, each run once."""
    made: dict[int, tuple[str, Tensor]] = {}
    found: list[tuple[str, str]] = []
    runs: dict[str, int] = {}

    def gave(name: str, part: nn.Module) -> Any:
        def hook(_module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            runs[name] = runs.get(name, 0) + 1
            if isinstance(part, CONVOLUTIONS):
                made[id(output)] = name, output
            elif id(inputs[0]) in made:
                found.append((made[id(inputs[0])][0], name))

        return hook

    with ExitStack() as stack:
        for name, part in module.named_modules():
            if isinstance(part, CONVOLUTIONS) or (isinstance(part, _BatchNorm) and part.track_running_stats):
                stack.callback(part.register_forward_hook(gave(name, part)).remove)
        module(sample)
    return [pair for pair in found if runs[pair[0]] == runs[pair[1]] == 1]


def _fold(module: nn.Module, conv: str, norm: str) -> None:
    old: Any = module.get_submodule(norm)
    rest = [getattr(old, part) for part in ("drop", "act") if isinstance(getattr(old, part, None), nn.Module)]
    _put(module, conv, fuse_conv_bn_eval(module.get_submodule(conv), old))  # type: ignore[type-var]
    _put(module, norm, nn.Sequential(*rest) if rest else nn.Identity())  # timm's norm carries its activation


def _put(module: nn.Module, name: str, part: nn.Module) -> None:
    holder, _, last = name.rpartition(".")
    part.training = False
    setattr(module.get_submodule(holder), last, part)


def _alike(found: Any, expected: Any) -> bool:
    pairs = zip(torch.utils._pytree.tree_leaves(found), torch.utils._pytree.tree_leaves(expected), strict=True)
    return all(
        float((a - b).abs().max()) <= CLOSE * float(b.abs().max())
        for a, b in pairs
        if isinstance(b, Tensor) and b.is_floating_point()
    )
