"""Selective relevance: the part of a space-time map that changes quickly in time, and the part that stays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import BadOption
from .ranges import positive

Map = NDArray[np.float32]
SMOOTH = (0.25, 0.5, 0.25)  # across the other axes, as in Sobel's operator


@dataclass(frozen=True, eq=False)
class MotionSplit:
    """A map as two that add up to it, and the numbers that the division rests on."""

    motion: Map
    appearance: Map
    deviations: float
    threshold: float  # change per moment above which a place counts as moving
    in_time: float  # mean change of the map from one moment to the next
    in_space: float  # mean change of the map from one place to the next
    moving: float  # sum of the sizes where it counts as moving
    whole: float  # sum of all sizes

    @property
    def share(self) -> float:
        """How much of the map lies where it changes quickly in time; 0 for an empty one."""
        return self.moving / self.whole if self.whole else 0.0

    def __str__(self) -> str:
        return (
            f"Motion share {self.share:.0%} ({self.moving:.3g} of {self.whole:.3g} where the map changes by more than"
            f" {self.threshold:.3g}, {self.deviations:g} standard deviations, from one moment to the next; its mean"
            f" change is {self.in_time:.3g} in time and {self.in_space:.3g} in space)."
        )


def motion_split(values: Map, deviations: float = 1.0) -> MotionSplit:
    """Where the change in time is larger than so many standard deviations of itself (Hiley et al. 2020, section 3).

    At the first and last moment the change is that to the only neighbour: nothing outside of the clip counts.
    """
    positive("deviations", deviations)
    if values.ndim != 3 or len(values) < 2:
        raise BadOption(
            f"A map of shape {values.shape} has no two moments, so nothing in it can move.",
            fix="explain a clip with a method whose map has more cells in time: saliency, occlusion, an earlier layer.",
        )
    exact = values.astype(np.float64)
    change, *across = (np.abs(_slope(exact, axis)) for axis in range(3))
    threshold = deviations * float(change.std())
    moving = change > max(threshold, 1e-9 * float(np.abs(exact).max()))
    sizes = np.abs(exact)
    return MotionSplit(
        motion=np.where(moving, values, np.float32(0)),
        appearance=np.where(moving, np.float32(0), values),
        deviations=deviations,
        threshold=threshold,
        in_time=float(change.mean()),
        in_space=float(np.hypot(*across).mean()),
        moving=float(sizes[moving].sum()),
        whole=float(sizes.sum()),
    )


def _slope(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """The derivative along one axis of the map smoothed along the others; borders are continued, not padded with 0."""
    if values.shape[axis] < 2:
        return np.zeros_like(values)
    smooth = values
    for other in {0, 1, 2} - {axis}:
        wide = np.pad(smooth, [(int(a == other),) * 2 for a in range(3)], mode="edge")
        rows = (wide.take(range(k, k + values.shape[other]), axis=other) for k in range(3))
        smooth = sum((weight * row for weight, row in zip(SMOOTH, rows, strict=True)), np.zeros_like(values))
    found: NDArray[np.float64] = np.gradient(smooth, axis=axis)
    return found
