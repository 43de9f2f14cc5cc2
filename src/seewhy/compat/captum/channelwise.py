"""A network asked channel by channel: its images become one-channel stacks, so that no map sums channels up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ...domain.baseline import Baseline, Colour, Sample
from ...domain.regions import Given, Pixels, RegionSpec
from ...errors import BadOption


class Channelwise(nn.Module):
    """The network behind images (n, 1, c, h, w): our maps reduce the channel axis, which here has one entry only."""

    def __init__(self, forward: Callable[..., Any], like: Tensor) -> None:
        super().__init__()
        owner = getattr(forward, "__self__", None)  # of a bound method, so that its state is found
        self.owner = owner if isinstance(owner, nn.Module) else None
        self.inner = forward
        if not any(True for _ in self.parameters()):
            self.register_buffer("place", torch.empty(0, device=like.device, dtype=like.dtype))

    def forward(self, stacks: Tensor) -> Any:
        return self.inner(stacks.flatten(1, 2))


def stacked(values: Tensor) -> Tensor:
    """Images (b, c, h, w) as one-channel stacks (b, 1, c, h, w)."""
    return values.unsqueeze(1)


def baselines_of(given: Any, inputs: Tensor) -> list[Baseline]:
    """Captum's baselines: nothing (zeros), a number, or a tensor with one image for all or one for each."""
    if given is None or isinstance(given, int | float):
        return [Colour(float(given or 0))]
    if not isinstance(given, Tensor) or given.shape[1:] != inputs.shape[1:] or len(given) not in (1, len(inputs)):
        got = f"shape {tuple(given.shape)}" if isinstance(given, Tensor) else type(given).__name__
        raise BadOption(
            f"The baselines are {got}, the inputs {tuple(inputs.shape)}.",
            fix="give a number, or a tensor with one image for all inputs or one for each.",
        )
    return [Sample(row[None, None].detach().cpu().numpy()) for row in given]


def regions_of(mask: Tensor | None, inputs: Tensor) -> list[RegionSpec]:
    """Captum's feature mask, one for all or one for each; without one every value is a feature."""
    if mask is None:
        return [Pixels()]
    rows = mask.detach().cpu()
    if rows.ndim != inputs.ndim or len(rows) not in (1, len(inputs)):
        raise BadOption(
            f"The feature mask has shape {tuple(mask.shape)}, the inputs {tuple(inputs.shape)}.",
            fix="give labels of shape (1, 1, h, w), or one for each input.",
        )
    return [Given(row.expand(inputs.shape[1:]).numpy()) for row in rows]


def windows_of(shape: tuple[int, ...], strides: int | tuple[int, ...] | None, inputs: Tensor) -> dict[str, Any]:
    """The options of Captum's sliding windows (c, h, w)."""
    space = tuple(inputs.shape[1:])
    steps = strides if isinstance(strides, tuple) else (strides or 1,) * len(space)
    if not isinstance(shape, tuple) or len(shape) != len(space) or len(steps) != len(space):
        raise BadOption(
            f"The windows {shape!r} with strides {strides!r} do not fit inputs of {space} (channels, height, width).",
            fix="give three numbers, such as (3, 16, 16).",
        )
    return {"window": shape, "stride": steps}
