"""What layers and attentions hold during a forward pass, recorded without changing what the model answers."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import NoAttention, UnknownLayer, UnsupportedModel
from .attention import AttentionCall, Recorder
from .attention_values import ValueRecorder


@dataclass
class Watch:
    """Raw outputs of layers, the last run's and all of them, and attention calls in order, of the latest pass."""

    layers: dict[str, Tensor] = field(default_factory=dict)
    runs: dict[str, list[Tensor]] = field(default_factory=dict)
    attention: list[AttentionCall] = field(default_factory=list)


@contextmanager
def watching(
    module: nn.Module,
    layers: Sequence[str] = (),
    *,
    attention: bool = False,
    values: bool = False,
    often: Mapping[str, int] = MappingProxyType({}),
) -> Iterator[Watch]:
    """Record during the forward passes inside; the graph of autograd starts at the earliest thing recorded.

    `often` tells how many times a layer runs that runs more than once.
    """
    watch, runs, recorder = Watch(), Counter[str](), ValueRecorder() if values else Recorder()
    recorder.calls = watch.attention
    modules = dict(module.named_modules())

    def begin(*_: object) -> None:
        watch.layers.clear()
        watch.runs.clear()
        watch.attention.clear()
        runs.clear()

    def end(*_: object) -> None:
        _all_ran(layers, runs, often)
        if attention and not watch.attention:
            raise NoAttention(
                f"No attention ran in {type(module).__name__}: it has none, or computes it in an unknown way.",
                fix="use a method that reads layers or pixels: grad-cam, integrated-gradients, occlusion.",
            )

    def keep(name: str) -> Callable[[nn.Module, object, object], object]:
        def hook(_module: nn.Module, _inputs: object, output: object) -> object:
            runs[name] += 1
            return with_tensor(output, lambda tensor: _tracked(watch, name, tensor))

        return hook

    with ExitStack() as stack:
        stack.enter_context(eagerly(module))
        stack.callback(module.register_forward_pre_hook(begin).remove)
        for name in layers:
            stack.callback(modules[name].register_forward_hook(keep(name)).remove)
        stack.callback(module.register_forward_hook(end).remove)
        if attention:
            stack.enter_context(recorder)
        yield watch


def _tracked(watch: Watch, name: str, tensor: Tensor) -> Tensor:
    """Keep a copy and hand a copy on: nothing that runs later can write into what was kept."""
    kept = tensor.clone()
    if torch.is_grad_enabled() and not kept.requires_grad:
        kept.requires_grad_()
    watch.layers[name] = kept
    watch.runs.setdefault(name, []).append(kept)
    return kept.clone()


def _all_ran(layers: Sequence[str], runs: Mapping[str, int], often: Mapping[str, int]) -> None:
    for name in layers:
        if runs.get(name, 0) == 0:
            raise UnknownLayer(
                f"Layer {name!r} gave no tensor in this pass.", fix="choose one of `seewhy layers MODEL`."
            )
        if runs[name] != often.get(name, 1):
            raise UnknownLayer(
                f"Layer {name!r} runs {runs[name]} times in one pass, so its output is not one thing.",
                fix="name the block around it, or a layer that runs once (`seewhy layers MODEL`).",
            )


@contextmanager
def eagerly(module: nn.Module) -> Iterator[None]:
    """Compiled parts run as plain Python inside: compiled code does not see hooks that came later."""
    compiled = any(
        hasattr(part, "_orig_mod") or getattr(part, "_compiled_call_impl", None) is not None
        for part in module.modules()
    )
    if not compiled:
        yield
        return
    if not hasattr(torch.compiler, "set_stance"):
        raise UnsupportedModel(
            f"Parts of {type(module).__name__} are compiled, and torch {torch.__version__} cannot look into them.",
            fix="give the model as it was before torch.compile, or upgrade torch to 2.6.",
        )
    with torch.compiler.set_stance("force_eager"):
        yield


def side_by_side(runs: Sequence[Tensor]) -> Tensor:
    """The runs of a layer on n frames each as one on all frames, folded into the batch clip by clip."""
    return runs[0] if len(runs) == 1 else torch.stack(list(runs), dim=1).flatten(0, 1)


def run_by_run(raw: Tensor, runs: int) -> Sequence[Tensor]:
    """The reverse."""
    return [raw] if runs == 1 else raw.unflatten(0, (-1, runs)).unbind(1)


def tensor_of(output: object) -> Tensor | None:
    """The first floating-point tensor of a module's output."""
    for tensor in output if isinstance(output, tuple | list) else _values(output):
        if isinstance(tensor, Tensor) and tensor.is_floating_point():
            return tensor
    return None


def with_tensor(output: object, change: Callable[[Tensor], Tensor]) -> object:
    """The same output with its first floating-point tensor exchanged."""
    found = tensor_of(output)
    if found is None:
        return output
    new = change(found)
    if output is found:
        return new
    if isinstance(output, Mapping):
        swapped = {key: new if value is found else value for key, value in output.items()}
        return type(output)(**swapped) if dataclasses.is_dataclass(output) else type(output)(swapped)  # type: ignore[call-arg]
    if dataclasses.is_dataclass(output) and not isinstance(output, type):
        name = next(key for key, value in vars(output).items() if value is found)
        return dataclasses.replace(output, **{name: new})
    assert isinstance(output, tuple | list)
    parts: list[Any] = [new if value is found else value for value in output]
    return type(output)(*parts) if hasattr(output, "_fields") else type(output)(parts)


def _values(output: object) -> Sequence[object]:
    if isinstance(output, Mapping):
        return list(output.values())
    if dataclasses.is_dataclass(output):
        return list(vars(output).values())
    return [output]
