"""Values of cells read at other positions along one axis."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def sampled(values: NDArray[Any], positions: NDArray[Any], axis: int, *, reach: float) -> NDArray[Any]:
    """Values at positions in cell-edge units along one axis: nearest for reach 0, otherwise a triangle filter.

    The triangle is one cell wide on each side, and wider when one step skips over several cells, so that nothing
    between two samples is lost. At the borders the weights are those of the cells that exist.
    """
    cells = values.shape[axis]
    if reach == 0:
        nearest: NDArray[Any] = values.take(np.floor(positions).astype(int).clip(0, cells - 1), axis)
        return nearest
    reach = max(reach, 1.0)
    first = np.floor(positions - reach).astype(int)
    index = first[:, None] + np.arange(int(np.ceil(2 * reach)) + 1)
    weights = (1 - np.abs(index + 0.5 - positions[:, None]) / reach).clip(0)
    weights[(index < 0) | (index >= cells)] = 0
    weights /= weights.sum(axis=1, keepdims=True)
    index = index.clip(0, cells - 1)
    along = (-1,) + (1,) * (-axis - 1 if axis < 0 else values.ndim - axis - 1)
    out = np.zeros((), dtype=np.float64)
    for tap in range(index.shape[1]):
        weight = weights[:, tap].reshape(along)
        out = out + np.where(weight > 0, weight * values.take(index[:, tap], axis), 0)  # 0 * NaN would be NaN
    return out
