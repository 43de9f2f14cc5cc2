"""Whether only the mean of a map is read behind a layer, by a linear layer: tried on noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from .dryrun import ROUNDING, DryRun
from .layers import Reading
from .watch import run_by_run, side_by_side, watching, with_tensor

FAR = 100.0  # how far channels are stretched: ReLUs of a hidden layer shall change sides, whatever their biases


def why_not_pooled(
    module: nn.Module, ask: Callable[[Tensor], Tensor], run: DryRun, layer: str, reading: Reading
) -> str:
    """What the network does between a layer and its answer besides pooling and weighing; '' when that is all."""

    def evened(raw: Tensor) -> Tensor:
        maps = reading.maps(raw)  # a view: what is written into it is written into raw
        maps.copy_(maps.mean(dim=tuple(range(2, maps.ndim)), keepdim=True).expand_as(maps))
        return raw

    def opposite(raw: Tensor) -> Tensor:
        """The first image twice, its channels stretched this way and that way."""
        axis = 1 if reading.swapped else 0
        first = raw.narrow(axis, 0, reading.frames or 1)
        channels = first.shape[reading.channel_axis]
        stretch = FAR * torch.randn(channels, generator=torch.Generator().manual_seed(3)).to(first)
        stretch = stretch if reading.channel_axis == -1 else stretch.reshape(-1, *[1] * (raw.ndim - 2))
        return torch.cat([first * (1 + stretch), first * (1 - stretch)], dim=axis)

    if not _off(_answered(module, ask, run, layer, evened), run.outputs) <= ROUNDING * _off(*run.outputs):  # nor NaN
        return f"more than the mean of {layer!r} is read"
    ends = _answered(module, ask, run, layer, opposite)
    if not _off(ends.mean(dim=0), run.outputs[0]) <= ROUNDING * _off(*ends):
        return f"what reads the mean of {layer!r} is not linear"
    return ""


def reads_moments(
    module: nn.Module, ask: Callable[[Tensor], Tensor], run: DryRun, layer: str, reading: Reading
) -> bool:
    """Whether the answer to a clip is more than a sum over the moments of a layer, in whatever order.

    A sum stays the same for two clips together when they exchange the second half of their moments, and order does not
    count when the halves change places, too.
    """

    def exchanged(raw: Tensor) -> Tensor:
        maps = reading.maps(raw)  # a view: what is written into it is written into raw
        half = maps.shape[2] // 2
        halves = maps[:, :, :half], maps[:, :, half:].flip(0)
        maps.copy_(torch.cat(halves[::-1], dim=2))
        return raw

    together = _answered(module, ask, run, layer, exchanged).sum(dim=0)
    return not _off(together, run.outputs.sum(dim=0)) <= ROUNDING * _off(*run.outputs)


def _answered(
    module: nn.Module, ask: Callable[[Tensor], Tensor], run: DryRun, layer: str, change: Callable[[Tensor], Tensor]
) -> Tensor:
    """The answers to the two images when the layer gives something else, in one run or in one for each frame."""
    part, runs = module.get_submodule(layer), run.seen[layer].runs
    with torch.no_grad():
        if runs > 1:  # the change is of all frames together: first all that the layer gives
            with watching(module, [layer], often={layer: runs}) as watch:
                ask(run.images)
            changed = iter(run_by_run(change(side_by_side(watch.runs[layer])), runs))
        with _giving(part, lambda raw: change(raw.clone()) if runs == 1 else next(changed)):
            return ask(run.images)


@contextmanager
def _giving(part: nn.Module, change: Callable[[Tensor], Tensor]) -> Iterator[None]:
    handle = part.register_forward_hook(lambda _module, _inputs, output: with_tensor(output, change))
    try:
        yield
    finally:
        handle.remove()


def _off(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())
