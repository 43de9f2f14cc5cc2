"""What one pass over the clean images is wanted for, and what it brings: outputs, gradients, layers, attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor

from ..domain.evidence import LayerChoice
from ..domain.shapes import Outputs
from ..errors import NoAttention

if TYPE_CHECKING:
    from ..models.attention_values import Moved
    from ..models.tokens import TokenGrid


@dataclass(frozen=True)
class Wants:
    """What to record during the pass."""

    pixels: bool = False  # gradients at the input
    layers: tuple[str, ...] = ()
    attention: bool = False
    gradients: bool = False
    values: bool = False  # what attention moves

    @property
    def graph(self) -> bool:
        return self.gradients and (self.pixels or bool(self.layers) or self.attention)

    @property
    def single_layer(self) -> bool:
        """Whether one layer is all that is looked at."""
        return len(self.layers) == 1 and not self.pixels and not self.attention and not self.values

    def __or__(self, other: Wants) -> Wants:
        layers = tuple(dict.fromkeys(self.layers + other.layers))
        return Wants(
            self.pixels or other.pixels,
            layers,
            self.attention or other.attention,
            self.gradients or other.gradients,
            self.values or other.values,
        )


@dataclass(frozen=True)
class LayerRecord:
    """A layer's activations as maps of the image, and the score's gradient at them."""

    choice: LayerChoice
    activations: Float[Tensor, "b k *grid"]
    gradients: Float[Tensor, "b k *grid"] | None

    @property
    def slopes(self) -> Float[Tensor, "b k *grid"]:
        """The gradients, where the method asked for them."""
        assert self.gradients is not None
        return self.gradients

    def row(self, one: slice, *, gradients: bool) -> LayerRecord:
        """The record of one image of the batch."""
        slopes = self.gradients[one] if gradients and self.gradients is not None else None
        return LayerRecord(self.choice, self.activations[one], slopes)


@dataclass(frozen=True)
class AttentionRecord:
    """Attention of every block over all tokens, first block first; `pool` is the head's own.

    Attention that looks in groups (in windows, or divided into time and space) has an axis of them before the heads.
    """

    weights: tuple[Float[Tensor, "b ... _heads _to _from"], ...]
    gradients: tuple[Float[Tensor, "b ... _heads _to _from"], ...] | None
    pool: Float[Tensor, "b pool_heads queries from"] | None
    pool_gradients: Float[Tensor, "b pool_heads queries from"] | None
    tokens: TokenGrid
    moved: tuple[Moved, ...] | None = None  # of every block and the head's own, where all were asked for and seen
    lengths: Float[Tensor, "b tokens"] | None = None  # norms of the tokens behind the last block, where it was found

    @property
    def sent(self) -> tuple[Moved, ...]:
        """What each attention moves, where the method asked for it."""
        if self.moved is None:
            raise NoAttention(
                "Not all attentions of this network showed their values, or what projects them: a linear layer over"
                " the heads side by side.",
                fix="use a method that reads the weights alone: attention-rollout, gradient-attention.",
            )
        return self.moved

    def row(self, one: slice, *, gradients: bool) -> AttentionRecord:
        """The record of one image of the batch."""
        slopes = self.gradients if gradients else None
        return AttentionRecord(
            tuple(block[one] for block in self.weights),
            None if slopes is None else tuple(block[one] for block in slopes),
            None if self.pool is None else self.pool[one],
            None if self.pool_gradients is None or slopes is None else self.pool_gradients[one],
            self.tokens,
            None if self.moved is None else tuple(replace(m, values=m.values[one]) for m in self.moved),
            None if self.lengths is None else self.lengths[one],
        )


@dataclass(frozen=True)
class Reading:
    """What the pass brought, for all images of the batch."""

    wants: Wants
    outputs: Outputs
    pixels: Tensor | None
    layers: dict[str, LayerRecord]
    attention: AttentionRecord | None
    by: str = "plain"  # what ran the pass

    def serves(self, wants: Wants) -> bool:
        return (wants | self.wants) == self.wants

    def row(self, i: int, *, gradients: bool) -> Reading:
        """What the pass brought for one image, without the gradients where they belong to another target."""
        one = slice(i, i + 1)
        wants = self.wants if gradients else replace(self.wants, pixels=False, gradients=False)
        return Reading(
            wants,
            self.outputs[one],
            self.pixels[one] if gradients and self.pixels is not None else None,
            {name: record.row(one, gradients=gradients) for name, record in self.layers.items()},
            None if self.attention is None else self.attention.row(one, gradients=gradients),
            self.by,
        )

    @staticmethod
    def of_outputs(outputs: Outputs) -> Reading:
        """Clean answers without anything that depends on a target."""
        return Reading(Wants(), outputs, None, {}, None)

    @staticmethod
    def joined(parts: Sequence[Reading]) -> Reading:
        """The readings of consecutive chunks as one."""
        first = parts[0]
        return Reading(
            first.wants,
            torch.cat([part.outputs for part in parts]),
            _cat([part.pixels for part in parts]),
            {name: _cat_layer([part.layers[name] for part in parts]) for name in first.layers},
            None if first.attention is None else joined([p.attention for p in parts if p.attention]),
            first.by,
        )


def _cat(parts: Sequence[Tensor | None]) -> Tensor | None:
    found = [part for part in parts if part is not None]
    return torch.cat(found) if found else None


def _cat_layer(parts: Sequence[LayerRecord]) -> LayerRecord:
    activations = torch.cat([part.activations for part in parts])
    return LayerRecord(parts[0].choice, activations, _cat([part.gradients for part in parts]))


def joined(parts: Sequence[AttentionRecord]) -> AttentionRecord:
    """The records of consecutive images as one."""
    gradients = None
    if parts[0].gradients is not None:
        gradients = tuple(torch.cat(rows) for rows in zip(*(part.gradients or () for part in parts), strict=True))
    weights = tuple(torch.cat(rows) for rows in zip(*(part.weights for part in parts), strict=True))
    pools = _cat([part.pool for part in parts]), _cat([part.pool_gradients for part in parts])
    moved = None
    if parts[0].moved is not None:
        every = zip(*(part.moved or () for part in parts), strict=True)
        moved = tuple(replace(same[0], values=torch.cat([m.values for m in same])) for same in every)
    lengths = _cat([part.lengths for part in parts])
    return AttentionRecord(weights, gradients, *pools, parts[0].tokens, moved, lengths)
