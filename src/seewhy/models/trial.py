"""One pass in which half of the places are changed in front of every attention, and behind every block: who notices?"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Bool
from torch import Tensor, nn

from .attention import FUSED, MULTIHEAD, AttentionMode
from .layers import Grid
from .sample import BATCH
from .watch import tensor_of, with_tensor

if TYPE_CHECKING:
    from .chain import Link

NOTICED = 1e-3  # of the largest change: rounding stays far below


class Trial(AttentionMode):
    """The second row becomes the first with changed cells: before each attention, and between blocks.

    What a query is made of then tells which cells each place of a window holds; what the next block is given, whether
    the cells of one block are those of the next, or lie inside them.
    """

    def __init__(self, module: nn.Module, links: Sequence[Link], coarse: Sequence[Grid]) -> None:
        super().__init__()
        self.links, self.coarse = links, coarse
        draw = torch.Generator().manual_seed(4)
        self.cells = [torch.rand(math.prod(link.given.grid), generator=draw) < 0.5 for link in links]
        self.handed_on: list[bool] = [False] * len(coarse)
        self._between = [torch.rand(math.prod(grid), generator=draw) < 0.5 for grid in coarse]
        self._asked: list[Tensor] = []
        self._module, self._hooks = module, ExitStack()

    def changed(self, call: int) -> Bool[Tensor, "windows tokens"] | None:
        """Which places of each window held a changed cell."""
        if call >= len(self._asked):
            return None
        rows = self._asked[call].unflatten(0, (BATCH, -1))
        return noticed((rows[0] - rows[1]).abs().sum(dim=-1))

    # -- changing

    def __enter__(self) -> Trial:
        for i, link in enumerate(self.links):
            block, holder = (self._module.get_submodule(seen.name) for seen in (link.block, link.holder))
            if i:
                self._before(block, partial(self._notice, i - 1, link.given.grid, link.given.start))
            self._before(holder, partial(_change, link.given.grid, link.given.start, self.cells[i]))
            if i < len(self.coarse):
                inside = _inside(self._between[i].reshape(self.coarse[i]), link.gives.grid)
                change = partial(_change, link.gives.grid, link.gives.start, inside.flatten())
                hook = block.register_forward_hook(lambda _m, _a, out, change=change: with_tensor(out, change))
                self._hooks.callback(hook.remove)
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)  # type: ignore[no-untyped-call]
        self._hooks.close()

    def _before(self, module: nn.Module, change: Callable[[Tensor], Tensor]) -> None:
        def hook(_module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, Any]:
            if tensor_of(args) is not None:
                return with_tensor(args, change), kwargs
            return args, with_tensor(kwargs, change)

        self._hooks.callback(module.register_forward_pre_hook(hook, with_kwargs=True).remove)

    def _notice(self, between: int, grid: Grid, start: int, given: Tensor) -> Tensor:
        tokens = cells_of(given, grid)
        seen = noticed((tokens[0] - tokens[1]).abs().sum(dim=-1))
        self.handed_on[between] = torch.equal(seen[start:].cpu(), self._between[between]) and not seen[:start].any()
        return given

    # -- noticing

    def fused(self, query: Tensor, *rest: Any, **options: Any) -> Tensor:
        self._asked.append(query.detach().movedim(-2, 1).flatten(2).float().cpu())
        return FUSED(query, *rest, **options)

    def multihead(self, call: inspect.BoundArguments) -> tuple[Tensor, Tensor | None]:
        query = call.arguments["query"]
        self._asked.append((query.transpose(0, 1) if query.ndim == 3 else query[None]).detach().float().cpu())
        return MULTIHEAD(*call.args, **call.kwargs)

    def explicit(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Tensor:
        scores = kwargs["input"] if "input" in kwargs else args[0]
        own = scores.detach().diagonal(dim1=-2, dim2=-1)  # of a query with its own key: no other cell is in it
        self._asked.append(own.movedim(-1, 1).flatten(2).float().cpu())
        found = func(*args, **kwargs)
        assert isinstance(found, Tensor)
        return found


def noticed(change: Tensor) -> Bool[Tensor, "..."]:
    return change > NOTICED * change.max()


def cells_of(tensor: Tensor, grid: Grid) -> Tensor:
    """What a module is given for each image, one row per token."""
    if tensor.ndim == 3:
        return tensor
    return tensor.flatten(1, -2) if tuple(tensor.shape[1:-1]) == grid else tensor.flatten(2).mT


def _change(grid: Grid, start: int, cells: Tensor, given: Tensor) -> Tensor:
    """The first row twice, the second time with noise in these cells."""
    tokens = cells_of(given, grid)[:1]
    which = torch.cat([torch.zeros(start, dtype=torch.bool), cells]).to(given.device)[:, None]
    draw = torch.randn(tokens.shape, generator=torch.Generator().manual_seed(5)).to(tokens)
    both = torch.cat([tokens, tokens + which * draw * (tokens.std() + 1e-3)])
    if given.ndim == 3:
        return both
    last = tuple(given.shape[1:-1]) == grid
    return (both if last else both.mT).reshape(given.shape).contiguous()


def _inside(coarse: Tensor, fine: Grid) -> Tensor:
    """A mask of coarse cells on the fine ones that lie inside them."""
    for axis, (cells, fewer) in enumerate(zip(fine, coarse.shape, strict=True)):
        coarse = coarse.repeat_interleave(-(-cells // fewer), dim=axis).narrow(axis, 0, cells)
    return coarse
