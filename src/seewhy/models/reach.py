"""How far changes of an image reach into the maps of a network, and which of them are best run together."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int
from numpy.typing import NDArray
from torch import Tensor
from torch.utils._pytree import tree_leaves

from .kernels import CONV, KERNELS, border_of, bound, kernel_of
from .local import alone, space_of, together
from .tape import Call, Tape, Value

WHOLE = 0.9  # share of a map from which on it is computed as a whole, which needs no more copies
SMALLEST = 1 / 16  # share below which no more rows are run at once: boxes are not all that takes memory
AT_ONCE = 512  # profiles that are compared with each other
PER_CALL = 8e6  # multiplications that take as long as one more call of torch
PER_WEIGHT = 100  # multiplications that take as long as putting a weight in order, which every run does anew
Box = tuple[Tensor, Tensor]  # first places and ends of a change, one row each


@dataclass(frozen=True)
class Group:
    """Rows that are run together, and the share of a whole pass that each of them costs."""

    rows: Int[Tensor, " n"]
    share: float


@dataclass(frozen=True)
class Reach:
    """For each of n changes, the sides of the box that it changes in the map of each convolution."""

    sides: NDArray[np.int64]  # (n, layers, axes)
    space: NDArray[np.int64]  # (layers, axes)
    work: NDArray[np.float64]  # share of each layer in the multiplications of a pass
    overhead: float  # share of a pass that starting one costs, however little is computed

    def share(self, sides: NDArray[np.int64]) -> NDArray[np.float64]:
        """The share of a pass that a row costs which has these sides (..., layers, axes)."""
        part = (sides / self.space).prod(axis=-1)
        shares: NDArray[np.float64] = np.where(part > WHOLE, 1.0, part) @ self.work
        return shares

    def groups(self, most: int) -> Iterator[Group]:
        """All rows, those that reach alike together as far as that costs less than runs of their own.

        `most` rows would fit into memory if they were whole images.
        """
        profiles, owner = np.unique(self.sides.reshape(len(self.sides), -1), axis=0, return_inverse=True)
        owner = owner.reshape(-1)
        for some in np.array_split(np.arange(len(profiles)), math.ceil(len(profiles) / AT_ONCE)):
            yield from self._merged(profiles[some], [np.flatnonzero(owner == one) for one in some], most)

    def _merged(self, profiles: NDArray[np.int64], rows: list[NDArray[np.int64]], most: int) -> Iterator[Group]:
        """Groups of rows, the two that save most joined again and again."""
        sides, counts = profiles.reshape(-1, *self.space.shape), np.array([len(some) for some in rows])
        costs = self._cost(counts, sides, most)

        def saved(i: int) -> NDArray[np.float64]:
            joint = self._cost(counts[i] + counts, np.maximum(sides[i], sides), most)
            gain = np.where(counts > 0, costs[i] + costs - joint, -np.inf)
            gain[i] = -np.inf
            return gain

        gains = np.stack([saved(i) for i in range(len(rows))]) if rows else np.zeros((1, 1))
        while gains.max() > 0:
            i, j = divmod(int(gains.argmax()), len(rows))
            rows[i], sides[i] = np.concatenate([rows[i], rows[j]]), np.maximum(sides[i], sides[j])
            counts[i] += counts[j]
            counts[j] = 0
            costs[i] = self._cost(counts[i : i + 1], sides[i : i + 1], most)[0]
            gains[j] = gains[:, j] = -np.inf
            gains[i] = gains[:, i] = saved(i)
        for i in np.flatnonzero(counts).tolist():
            yield from _split(rows[i], float(self.share(sides[i])), most)

    def _cost(self, counts: NDArray[np.int64], sides: NDArray[np.int64], most: int) -> NDArray[np.float64]:
        """What groups of so many rows cost in passes, starting their runs included."""
        share = self.share(sides)
        runs = np.ceil(counts / np.maximum(1, most // np.maximum(share, SMALLEST)))
        cost: NDArray[np.float64] = counts * share + runs * self.overhead
        return cost


def reach(tape: Tape, bounds: Int[Tensor, "n 2 axes"]) -> Reach:
    """How far what lies within the bounds reaches in the pass that was written down."""
    first, end = bounds.unbind(1)
    here: dict[int, Box | None] = {0: (first, end)}
    sides, spaces, work, weights = [], [], [], []
    for call in tape.calls:
        box = _behind(call, tape, [here.get(value.index) for value in call.values])
        made = [leaf for leaf in tree_leaves(call.made) if isinstance(leaf, Value)]
        here |= {value.index: box for value in made}
        if call.name.startswith("conv"):
            space = torch.tensor(space_of(tape.shapes[made[0].index])) if box is not None else torch.ones_like(first[0])
            sides.append(torch.ones_like(first) if box is None else (box[1] - box[0]).clamp(min=0))
            spaces.append(space)
            shape = tape.shapes[made[0].index]
            weights.append(bound(call, CONV)["weight"].numel())
            work.append(math.prod(shape[2:]) * weights[-1])
    total = float(sum(work)) or 1.0
    if not sides:
        return Reach(np.ones((len(first), 1, 1), np.int64), np.ones((1, 1), np.int64), np.ones(1), 0.0)
    overhead = (len(tape.calls) * PER_CALL + sum(weights) * PER_WEIGHT) / total
    return Reach(torch.stack(sides, 1).numpy(), torch.stack(spaces).numpy(), np.array(work) / total, overhead)


def _behind(call: Call, tape: Tape, parts: list[Box | None]) -> Box | None:
    """Where the change is behind a call; None: everywhere."""
    boxes = [part for part in parts if part is not None]
    if not boxes or len(boxes) < len(parts):
        return None
    (first, end), *_ = boxes
    if call.name in KERNELS and (kernel := kernel_of(call)) is not None:
        (made,) = [leaf for leaf in tree_leaves(call.made) if isinstance(leaf, Value)]
        return kernel.spread(first, end, space_of(tape.shapes[made.index]))
    if (before := border_of(call)) is not None:
        return first + torch.tensor(before), end + torch.tensor(before)
    if alone(call):
        return first, end
    if together(call, tape):
        return torch.stack([f for f, _ in boxes]).amin(dim=0), torch.stack([e for _, e in boxes]).amax(dim=0)
    return None


def fitting(most: int, share: float) -> int:
    """How many rows that each need a share of a pass fit where so many whole ones do."""
    return max(1, int(most / max(share, SMALLEST)))


def _split(rows: NDArray[np.int64], share: float, most: int) -> Iterator[Group]:
    """Rows in runs of about equal length, none with more work than so many whole images have."""
    for some in torch.from_numpy(rows).tensor_split(math.ceil(len(rows) / fitting(most, share))):
        yield Group(some, share)
