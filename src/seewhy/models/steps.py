"""One attention as a step between tokens: who looks at whom, what was pooled into whom, and what goes past it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from .layers import Grid, Reading

Look = Literal["all", "time", "space", "windows", "pooled"]
Rows = Float[Tensor, "n m _tokens"]  # m numbers for each token, to be handed down to the tokens before a step
PADDING = -1
CONVOLVE = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
SPREAD = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


@dataclass(frozen=True)
class Pooling:
    """Cells of a coarse grid, each the mean of the cells of a fine one under its kernel; extra tokens stay."""

    fine: Grid
    coarse: Grid
    size: Grid
    stride: Grid
    padding: Grid
    extra: int = 0

    @staticmethod
    def between(fine: Grid, coarse: Grid) -> Pooling | None:
        """Neighbours side by side joined into one, the last with what is left; None where no such step leads there."""
        step = tuple(-(-cells // fewer) for cells, fewer in zip(fine, coarse, strict=True))
        reached = tuple(-(-cells // s) for cells, s in zip(fine, step, strict=True))
        return Pooling(fine, coarse, step, step, (0,) * len(fine)) if reached == coarse else None

    def handed_down(self, rows: Rows) -> Rows:
        """What the coarse cells hold, shared out evenly among the fine ones."""
        axes, kernel = len(self.fine), rows.new_ones(1, 1, *self.size)
        cells = rows[..., self.extra :].reshape(-1, 1, *self.coarse)
        here = F.pad(cells.new_ones(1, 1, *self.fine), self._sides)
        under = CONVOLVE[axes](here, kernel, stride=self.stride)  # so many fine cells lie under each kernel
        spread = SPREAD[axes](cells / under, kernel, stride=self.stride)
        spread = F.pad(spread, [-side for side in self._sides]).reshape(*rows.shape[:-1], -1)
        return torch.cat([rows[..., : self.extra], spread], dim=-1)

    @property
    def _sides(self) -> list[int]:
        """How far kernels reach over the fine grid's ends, the last axis first; negative where they stop before."""
        axes = zip(self.fine, self.coarse, self.size, self.stride, self.padding, strict=True)
        far = [((n - 1) * stride + size - before - cells, before) for cells, n, size, stride, before in axes]
        return [side for pair in far for side in pair][::-1]


@dataclass(frozen=True, eq=False)
class Step:
    """An attention in groups of tokens. Rows of numbers are handed down through it without a matrix over all tokens."""

    asking: Int[Tensor, "groups to"]  # the tokens that look, in each group; padding is -1
    asked: Int[Tensor, "groups from"]  # the tokens that are looked at
    reading: Reading  # the grid of the tokens before it, behind a merging
    look: Look = "all"
    counts: tuple[int, int] = (0, 0)  # of all tokens that look, and that are looked at
    values: Pooling | None = None  # what is looked at was pooled from the tokens before
    past: Pooling | None = None  # so was what goes past the attention
    merged: Pooling | None = None  # before it, cells of a finer grid were merged

    @staticmethod
    def joint(reading: Reading, count: int) -> Step:
        """Everybody looks at everybody."""
        every = torch.arange(count)[None]
        return Step(every, every, reading, counts=(count, count))

    @property
    def groups(self) -> int:
        return len(self.asking)

    def grouped(self, raw: Float[Tensor, "n_groups heads to from"]) -> Tensor:
        """Raw attention with one row for each image; several groups are an axis of their own."""
        return raw if self.groups == 1 else raw.unflatten(0, (-1, self.groups))

    def fetched(self, rows: Rows, weights: Float[Tensor, "n *groups to from"]) -> Rows:
        """Rows times attention over all tokens.

        A token with copies in several groups gets the mean of what they fetch. One that no group holds, or that looks
        nowhere, stays as it is; what looks at padding is shared out among the rest.
        """
        weights = self._on_tokens(weights)
        totals = weights.sum(dim=-1)
        copies = _gathered((totals > 0).flatten(1), self.asking.flatten(), self.counts[0])
        each = (
            self._of_groups(rows / copies.clamp(min=1)[:, None])
            / totals.where(totals > 0, totals.new_ones(()))[:, None]
        )
        return self._handed(each, weights) + self.skipped(rows * (copies == 0)[:, None])

    def gained(self, rows: Rows, gains: Float[Tensor, "n *groups to from"]) -> Rows:
        """Rows times what each token gains of each: the copies of one add up."""
        return self._handed(self._of_groups(rows), self._on_tokens(gains))

    def skipped(self, rows: Rows) -> Rows:
        """Rows past the attention."""
        return rows if self.past is None else self.past.handed_down(rows)

    def before_merging(self, rows: Rows) -> Rows:
        """Rows for the tokens that the step before gave."""
        return rows if self.merged is None else self.merged.handed_down(rows)

    def _on_tokens(self, weights: Tensor) -> Float[Tensor, "n groups to from"]:
        """Without what looks at padding, or is padding."""
        grouped = weights if weights.ndim == 4 else weights[:, None]
        real = (self.asking >= 0)[:, :, None] & (self.asked >= 0)[:, None]
        return grouped if bool(real.all()) else grouped * real.to(grouped.device)

    def _of_groups(self, rows: Rows) -> Float[Tensor, "n m groups to"]:
        return rows[..., self.asking.clamp(min=0).to(rows.device)]

    def _handed(self, each: Float[Tensor, "n m groups to"], weights: Float[Tensor, "n groups to from"]) -> Rows:
        """To the tokens before the step."""
        sent = torch.einsum("nmgt,ngtf->nmgf", each, weights).flatten(2)
        rows = _gathered(sent, self.asked.flatten(), self.counts[1])
        return rows if self.values is None else self.values.handed_down(rows)


def _gathered(sent: Float[Tensor, "*n members"], at: Int[Tensor, " members"], count: int) -> Float[Tensor, "*n count"]:
    """The sum of what each token is sent; padding, whatever it is sent, is no token."""
    sent = sent.float() if not sent.is_floating_point() else sent
    whole = sent.new_zeros(*sent.shape[:-1], count)
    return whole.index_add(-1, at.clamp(min=0).to(sent.device), sent * (at >= 0).to(sent))
