"""Whether only the mean of a map is read behind a layer, by a linear layer: tried on noise."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .dryrun import ROUNDING, DryRun
from .layers import Reading
from .watch import with_tensor

FAR = 100.0  # how far channels are stretched: ReLUs of a hidden layer shall change sides, whatever their biases


def why_not_pooled(
    module: nn.Module, ask: Callable[[Tensor], Tensor], run: DryRun, layer: str, reading: Reading
) -> str:
    """What the network does between a layer and its answer besides pooling and weighing; '' when that is all."""

    def opposite(raw: Tensor) -> Tensor:
        """The first image twice, its channels stretched this way and that way."""
        axis = 1 if reading.swapped else 0
        first = raw.narrow(axis, 0, reading.frames or 1)
        channels = first.shape[reading.channel_axis]
        stretch = FAR * torch.randn(channels, generator=torch.Generator().manual_seed(3)).to(first)
        stretch = stretch if reading.channel_axis == -1 else stretch.reshape(-1, *[1] * (raw.ndim - 2))
        return torch.cat([first * (1 + stretch), first * (1 - stretch)], dim=axis)

    every = tuple(range(2, 2 + len(reading.grid)))
    if not _same(_answered(module, ask, run, layer, _evened(reading, every)), run):
        return f"more than the mean of {layer!r} is read"
    ends = _answered(module, ask, run, layer, opposite)
    if not _off(ends.mean(dim=0), run.outputs[0]) <= ROUNDING * _off(*ends):
        return f"what reads the mean of {layer!r} is not linear"
    return ""


def reads_moments(
    module: nn.Module, ask: Callable[[Tensor], Tensor], run: DryRun, layer: str, reading: Reading
) -> bool:
    """Whether the answer to a clip depends on more than the mean over time of each place of a layer."""
    return not _same(_answered(module, ask, run, layer, _evened(reading, (2,))), run)


def _answered(
    module: nn.Module, ask: Callable[[Tensor], Tensor], run: DryRun, layer: str, change: Callable[[Tensor], Tensor]
) -> Tensor:
    """The answers to the two images when the layer gives something else."""

    def hook(_module: nn.Module, _inputs: object, output: object) -> object:
        return with_tensor(output, lambda raw: change(raw.clone()))

    handle = module.get_submodule(layer).register_forward_hook(hook)
    try:
        with torch.no_grad():
            return ask(run.images)
    finally:
        handle.remove()


def _evened(reading: Reading, axes: tuple[int, ...]) -> Callable[[Tensor], Tensor]:
    """Each channel becomes its mean over these axes of its map."""

    def evened(raw: Tensor) -> Tensor:
        maps = reading.maps(raw)  # a view: what is written into it is written into raw
        maps.copy_(maps.mean(dim=axes, keepdim=True).expand_as(maps))
        return raw

    return evened


def _same(answers: Tensor, run: DryRun) -> bool:
    """Whether the answers stayed what they were; not, where they are not numbers."""
    return _off(answers, run.outputs) <= ROUNDING * _off(*run.outputs)


def _off(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())
