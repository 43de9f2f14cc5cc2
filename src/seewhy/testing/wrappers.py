"""Networks around networks: one that counts, one that raises, one that runs out of memory, one that is half blind."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..domain.cost import Cost
from ..domain.shapes import Outputs, Variants


class Counting(nn.Module):
    """Counts the images that go forward through a network, and those whose answer goes back."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.seen = inner, Cost()

    def forward(self, images: Variants) -> Outputs:
        outputs: Tensor = self.inner(images)
        self.seen += Cost(len(images))
        if outputs.requires_grad:
            outputs.register_hook(self._back)
        return outputs

    def _back(self, slope: Tensor) -> None:
        self.seen += Cost(backward=len(slope))


class Failing(nn.Module):
    """Raises at the n-th call, once it is armed."""

    def __init__(self, inner: nn.Module, at: int, error: Callable[[], BaseException]) -> None:
        super().__init__()
        self.inner, self.at, self.error, self.calls, self.armed = inner, at, error, 0, True

    def forward(self, images: Variants) -> Outputs:
        self.calls += self.armed
        if self.armed and self.calls == self.at:
            raise self.error()
        return self.inner(images)  # type: ignore[no-any-return]


class Cramped(nn.Module):
    """Runs out of memory above a batch size."""

    def __init__(self, inner: nn.Module, most: int = 3) -> None:
        super().__init__()
        self.inner, self.most, self.refused, self.largest = inner, most, 0, 0

    def forward(self, images: Variants) -> Outputs:
        self.largest = max(self.largest, len(images))
        if len(images) > self.most:
            self.refused += 1
            raise torch.OutOfMemoryError("out of memory: planted")
        return self.inner(images)  # type: ignore[no-any-return]


class Blind(nn.Module):
    """A network that cannot see the last half of the last axis."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, images: Variants) -> Outputs:
        sees = torch.ones(images.shape[-1], dtype=images.dtype, device=images.device)
        sees[-(images.shape[-1] // 2) :] = 0
        return self.inner(images * sees)  # type: ignore[no-any-return]


class Opaque(nn.Module):
    """The same answers without any gradient."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, images: Variants) -> Outputs:
        return self.inner(images.detach()).detach()  # type: ignore[no-any-return]


class Overwriting(nn.Module):
    """Normalises the images it is given where they stand."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, images: Variants) -> Outputs:
        return self.inner(images.sub_(0.5).mul_(2.0))  # type: ignore[no-any-return]
