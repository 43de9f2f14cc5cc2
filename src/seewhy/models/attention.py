"""Attention weights, caught on their way through fused kernels without touching the model."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from torch.overrides import TorchFunctionMode

if TYPE_CHECKING:
    from .attention_values import Moved

Weights = Float[Tensor, "n heads to from"]
FUSED = F.scaled_dot_product_attention
MULTIHEAD = F.multi_head_attention_forward
SOFTMAX = (F.softmax, torch.softmax, Tensor.softmax)
_SIGNATURE = inspect.signature(MULTIHEAD)


@dataclass(frozen=True)
class AttentionCall:
    """One attention of one forward pass; the gradient at `weights` can be asked for."""

    weights: Weights
    kind: str  # fused, multihead or explicit
    moved: Moved | None = None  # the values too, where they were asked for and seen


class AttentionMode(TorchFunctionMode):
    """Sees every call of attention while it is active, whoever makes it."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func is FUSED:
            return self.fused(*args, **kwargs)
        if func is MULTIHEAD:
            return self.multihead(_SIGNATURE.bind(*args, **kwargs))
        if func in SOFTMAX and _over_keys(args, kwargs):
            return self.explicit(func, args, kwargs)
        return self.other(func, args, kwargs)

    @abstractmethod
    def fused(self, query: Tensor, key: Tensor, value: Tensor, *rest: Any, **options: Any) -> Tensor: ...

    @abstractmethod
    def multihead(self, call: inspect.BoundArguments) -> tuple[Tensor, Tensor | None]: ...

    @abstractmethod
    def explicit(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Tensor: ...

    def other(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Any other call."""
        return func(*args, **kwargs)


class Recorder(AttentionMode):
    """Computes each attention in the open, so that its weights are tensors of the graph.

    `blind` marks keys, one row per image, that no attention over as many keys may look at.
    """

    def __init__(self, *, blind: Tensor | None = None) -> None:
        super().__init__()
        self.calls: list[AttentionCall] = []
        self.blind = blind

    def fused(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Tensor:
        if enable_gqa:
            key, value = (t.repeat_interleave(query.size(-3) // t.size(-3), -3) for t in (key, value))
        bias = additive(attn_mask, query)
        if is_causal:
            allowed = torch.ones(query.size(-2), key.size(-2), dtype=torch.bool, device=query.device).tril()
            bias = additive(allowed, query)
        scale = query.size(-1) ** -0.5 if scale is None else scale
        weights = self._weights(query @ key.mT * scale, bias, "fused")
        return F.dropout(weights, dropout_p) @ value if dropout_p else weights @ value

    def multihead(self, call: inspect.BoundArguments) -> tuple[Tensor, Tensor | None]:
        call.apply_defaults()
        given = call.arguments
        query, key, value = project(given)
        bias = padding(given, key)
        weights = self._weights(query @ key.mT * query.size(-1) ** -0.5, bias, "multihead")
        seen = F.dropout(weights, given["dropout_p"]) if given["training"] and given["dropout_p"] else weights
        answer = (seen @ value).permute(2, 0, 1, 3).flatten(2)
        answer = F.linear(answer, given["out_proj_weight"], given["out_proj_bias"])
        if given["query"].ndim == 2:
            answer, seen = answer[:, 0], seen[0]
        if not given["need_weights"]:
            return answer, None
        return answer, seen.mean(-3) if given["average_attn_weights"] else seen

    def explicit(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Tensor:
        name = "input" if "input" in kwargs else None
        scores = kwargs[name] if name else args[0]
        scores = self._blinded(scores)
        found = func(**{**kwargs, name: scores}) if name else func(scores, *args[1:], **kwargs)
        assert isinstance(found, Tensor)
        # A clone goes on, for the network may write into its weights.
        return self._record(found, "explicit").clone()

    def _weights(self, scores: Tensor, bias: Tensor | None, kind: str) -> Tensor:
        scores = self._blinded(scores if bias is None else scores + bias)
        weights = torch.softmax(scores, dim=-1)
        if bias is not None:  # a row that may look nowhere is 0/0; the fused kernels answer zero
            weights = weights.masked_fill((scores == -torch.inf).all(-1, keepdim=True), 0.0)
        return self._record(weights, kind)

    def _record(self, weights: Tensor, kind: str) -> Tensor:
        if torch.is_grad_enabled() and not weights.requires_grad:
            weights = weights.detach().requires_grad_()  # nothing below needs a graph: it starts here
        shown = weights.unsqueeze(1) if weights.ndim == 3 else weights
        self.calls.append(AttentionCall(shown, kind))
        return shown.squeeze(1) if weights.ndim == 3 else shown  # what was recorded lies on the way to the answer

    def _blinded(self, scores: Tensor) -> Tensor:
        if self.blind is None or scores.ndim != 4 or (len(scores), scores.size(-1)) != tuple(self.blind.shape):
            return scores
        return scores.masked_fill(self.blind[:, None, None, :], -torch.inf)


def additive(mask: Tensor | None, like: Tensor) -> Tensor | None:
    """A mask as what is added to the scores; in a boolean one True may be looked at."""
    if mask is None or mask.dtype != torch.bool:
        return mask
    return torch.zeros(mask.shape, dtype=like.dtype, device=like.device).masked_fill(~mask, -torch.inf)


def project(given: Mapping[str, Any]) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values (n, heads, tokens, k) of `torch.nn.functional.multi_head_attention_forward`."""
    inputs = [given[name] if given["query"].ndim == 3 else given[name][:, None] for name in ("query", "key", "value")]
    biases = given["in_proj_bias"].chunk(3) if given["in_proj_bias"] is not None else (None, None, None)
    if given["use_separate_proj_weight"]:
        matrices = [given[f"{letter}_proj_weight"] for letter in "qkv"]
    else:
        matrices = list(given["in_proj_weight"].chunk(3))
    query, key, value = (F.linear(x, w, b) for x, w, b in zip(inputs, matrices, biases, strict=True))
    if given["bias_k"] is not None:
        key = torch.cat([key, given["bias_k"].expand(1, key.size(1), -1)])
        value = torch.cat([value, given["bias_v"].expand(1, value.size(1), -1)])
    if given["add_zero_attn"]:
        key, value = (F.pad(t, (0, 0, 0, 0, 0, 1)) for t in (key, value))
    heads = given["num_heads"]
    query, key, value = (t.unflatten(-1, (heads, -1)).permute(1, 2, 0, 3) for t in (query, key, value))
    return query, key, value


def padding(given: Mapping[str, Any], key: Tensor) -> Tensor | None:
    """The masks of `multi_head_attention_forward` as one bias (n, heads, to, from); True there hides."""
    batch, heads, length, _ = key.shape

    def fit(mask: Tensor) -> Tensor:
        bias = additive(~mask if mask.dtype == torch.bool else mask, key)
        assert bias is not None
        return F.pad(bias, (0, length - bias.size(-1)))  # columns of bias_k and add_zero_attn stay visible

    total = None
    if given["attn_mask"] is not None:
        total = fit(given["attn_mask"])
        total = total.unflatten(0, (batch, heads)) if total.ndim == 3 else total
    if given["key_padding_mask"] is not None:
        hidden = fit(given["key_padding_mask"].reshape(batch, -1))[:, None, None]
        total = hidden if total is None else total + hidden
    return total


def _over_keys(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    scores = kwargs.get("input", args[0] if args else None)
    dim = kwargs.get("dim", args[1] if len(args) > 1 else None)
    return isinstance(scores, Tensor) and scores.ndim in (4, 5) and dim in (-1, scores.ndim - 1)
