"""What the methods behind Captum's `attribute` share: one question, channel by channel, answered as tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from ...domain.baseline import Baseline
from ...domain.evidence import Evidence
from ...domain.ranges import whole
from ...engine.game import gather
from ...errors import BadOption
from ..asking import Reading, ask, refuse, targets_of
from .channelwise import Channelwise, stacked

ALONE = "make it part of the function: lambda images: model(images, extra)."


class Attribution:
    """One method behind Captum's `attribute`; answers tensors in the shape of the inputs."""

    method = ""

    def __init__(self, forward_func: Callable[..., Any]) -> None:
        self.forward_func = forward_func
        self._networks: dict[object, Channelwise] = {}  # kept, so that calling again costs no second dry run

    def _ask(
        self,
        inputs: Tensor,
        target: Any,
        additional_forward_args: Any,
        *,
        method: str | Reading = "",
        baselines: Sequence[Baseline] = (),
        regions: Sequence[Any] = (),
        limit: int | None = None,
        **options: Any,
    ) -> Evidence:
        """All images together, or one by one where each has its own baseline or feature mask."""
        images = images_of(inputs)
        refuse("additional_forward_args", additional_forward_args, ALONE)
        place, targets = (images.device, images.dtype), targets_of(target, len(images))
        network = self._networks.setdefault(place, Channelwise(self.forward_func, images))
        asked, found = method or self.method, []
        single = max(len(baselines), len(regions)) <= 1
        for i in range(1 if single else len(images)):
            own = {name: each[min(i, len(each) - 1)] for name, each in _given(baseline=baselines, regions=regions)}
            rows = slice(None) if single else slice(i, i + 1)
            found.append(ask(network, stacked(images[rows]), asked, targets[rows], options | own, limit=limit))
        return gather(found)


def images_of(inputs: Any) -> Tensor:
    if isinstance(inputs, Tensor) and inputs.ndim == 4:
        return inputs
    got = f"a tensor of shape {tuple(inputs.shape)}" if isinstance(inputs, Tensor) else f"a {type(inputs).__name__}"
    raise BadOption(f"These inputs are {got}.", fix="give one tensor (b, c, h, w); clips go to seewhy.explain.")


def like(values: Tensor, inputs: Tensor) -> Tensor:
    return values.to(inputs)


def with_delta(found: Evidence, inputs: Tensor, wanted: bool) -> Any:
    values = like(found.values, inputs)
    if not wanted:
        return values
    if found.total is None or found.explained is None:
        raise BadOption("This method has no convergence delta here.", fix="leave return_convergence_delta out.")
    return values, like(found.total - found.explained, inputs)


def limit_of(count: int | None, inputs: Tensor | None = None) -> int | None:
    """Images that one model call may carry; Captum counts perturbations per image of the batch."""
    if count is None:
        return None
    whole("the batch size", count)
    return count * (1 if inputs is None else len(inputs))


def _given(**lists: Sequence[Any]) -> list[tuple[str, Sequence[Any]]]:
    return [(name, each) for name, each in lists.items() if each]
