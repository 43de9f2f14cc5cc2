"""A network cut at a layer: a faster runtime up to it, torch and its gradients from it on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..domain.shapes import Outputs
from ..errors import NoSuitableLayer
from .runtime import Compiled, compiled, leeway, off
from .tail import Tail
from .watch import tensor_of


@dataclass(frozen=True)
class Halves:
    """What a layer holds for any images, and how the network goes on from there."""

    body: Compiled
    head: Tail

    def __call__(self, ready: Tensor) -> tuple[Outputs, Tensor]:
        """The outputs and the layer's raw values, where the graph starts if there is to be one."""
        raw = self.body(ready)
        if torch.is_grad_enabled():
            raw.requires_grad_()
        return self.head(raw.clone()), raw


def body_of(module: nn.Module, layer: str, sample: Tensor, precision: str) -> Compiled | None:
    """The network up to a layer in the faster runtime; None where that does not answer alike."""
    return compiled(_Body(module, layer), lambda raw: raw, sample, precision)


def halves(
    module: nn.Module, layer: str, body: Compiled, ask: Callable[[Tensor], Outputs], sample: Tensor, precision: str
) -> Halves | None:
    """A body with the rest of its network, if they answer like the whole for the sample and its mirror image."""
    try:
        head = Tail(module, layer, lambda count, shared: ask(_copies(sample, count, shared))).blank()
    except NoSuitableLayer:
        return None
    if head is None:
        return None
    both, found = torch.cat([sample, sample.flip(-1)]), Halves(body, head)
    with torch.no_grad():
        (outputs, raw), expected = found(both), ask(both)
        allowed = leeway(lambda: ask(both), expected, precision)
        return found if max(off(outputs, expected), off(raw[:1], head.raw)) <= allowed else None


def _copies(sample: Tensor, count: int, shared: bool) -> Tensor:
    copies = sample.expand(count, *sample.shape[1:])
    return copies if shared else copies.clone()


class _Body(nn.Module):
    """A network that answers with what one of its layers holds."""

    def __init__(self, network: nn.Module, layer: str) -> None:
        super().__init__()
        self.network, self._layer = network, layer
        self.train(network.training)

    def forward(self, ready: Tensor) -> Tensor:
        caught: list[Tensor] = []
        with ExitStack() as stack:
            part = self.network.get_submodule(self._layer)
            stack.callback(part.register_forward_hook(lambda *told: caught.append(_kept(told[2]))).remove)
            self.network(ready)
        return caught[-1]


def _kept(answer: Any) -> Tensor:
    """The layer's values before what comes behind writes into them."""
    raw = tensor_of(answer)
    assert raw is not None
    return raw.clone()
