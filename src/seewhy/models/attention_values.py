"""What attention moves: the value vectors beside the weights, and the projection that mixes the heads' answers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from .attention import Recorder, project

PRODUCTS = (torch.matmul, Tensor.matmul, Tensor.__matmul__, torch.bmm, Tensor.bmm)


@dataclass(frozen=True)
class Moved:
    """Values by head, and how each head's answer is projected; what token j sends to i is weight x value x projection.

    The projection's bias belongs to no token and is left out.
    """

    values: Float[Tensor, "b heads from d"]
    projection: Float[Tensor, "heads d k"]

    @property
    def products(self) -> Float[Tensor, "b from heads heads"]:
        """Inner products of what the heads would send of each token: all that the length of a sum over heads needs.

        In double precision, and so on the processor: heads may nearly cancel, and not every accelerator has doubles.
        """
        values, projection = self.values.cpu().double(), self.projection.cpu().double()
        sent = torch.einsum("bhfd,hdk->bfhk", values, projection)
        return sent @ sent.mT


class ValueRecorder(Recorder):
    """Records values too, and knows the output projection by its input: the heads' answers side by side."""

    def __init__(self) -> None:
        super().__init__()
        self._weights_given: Tensor | None = None  # written out: the product with the values is still to come
        self._values: Tensor | None = None
        self._answer: Tensor | None = None  # (n, heads, to, d), whose projection is still to come

    def fused(self, query: Tensor, key: Tensor, value: Tensor, *rest: Any, **options: Any) -> Tensor:
        found = super().fused(query, key, value, *rest, **options)
        if options.get("enable_gqa"):
            value = value.repeat_interleave(query.size(-3) // value.size(-3), -3)
        self._await(value, found)
        return found

    def multihead(self, call: inspect.BoundArguments) -> tuple[Tensor, Tensor | None]:
        found = super().multihead(call)
        self._await(project(call.arguments)[2], None)
        self._moved(call.arguments["out_proj_weight"])
        return found

    def explicit(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Tensor:
        self._weights_given = super().explicit(func, args, kwargs)
        return self._weights_given

    def other(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        found = func(*args, **kwargs)
        if func in PRODUCTS and self._weights_given is not None and _same(args[0], self._weights_given):
            self._await(args[1], found)
        elif func is F.linear and self._answer is not None and _side_by_side(args[0], self._answer):
            self._moved(args[1])
        return found

    def _await(self, values: Tensor, answer: Tensor | None) -> None:
        self._weights_given = None
        self._values, self._answer = (
            t if t is None or t.ndim == 4 else t.unsqueeze(1)  # one head
            for t in (values, answer)
        )

    def _moved(self, matrix: Tensor) -> None:
        """The latest attention is complete: its projection (k, heads x d) is known."""
        assert self._values is not None
        heads = self._values.shape[1]
        moved = Moved(self._values.detach(), matrix.detach().T.unflatten(0, (heads, -1)))
        self.calls[-1] = replace(self.calls[-1], moved=moved)
        self._answer = None


def _same(one: Any, other: Tensor) -> bool:
    """Whether it is the same tensor, perhaps after a dropout that drops nothing."""
    return isinstance(one, Tensor) and one.shape == other.shape and one.data_ptr() == other.data_ptr()


def _side_by_side(given: Tensor, answer: Tensor) -> bool:
    """Whether a linear layer is given the heads' answers (n, heads, to, d), concatenated for each token."""
    if given.numel() != answer.numel() or given.shape[-1] != answer.shape[1] * answer.shape[3]:
        return False
    rows = answer.detach().transpose(1, 2)
    return torch.equal(given.detach().reshape(rows.shape), rows)
