"""How far maps agree: rank correlation (Spearman) over the places of the photo that the model saw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SIDES = {2: 96, 3: 32}  # places compared along each axis; finer differences are those of the methods' grids


def agreement(maps: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Correlation of each pair; nan for a map that is the same everywhere."""
    if not maps:
        return np.zeros((0, 0))
    rows = [_sampled(heat) for heat in maps]
    seen = np.logical_and.reduce([np.isfinite(row) for row in rows])
    ranked = np.stack([ranks(row[seen]) for row in rows])
    centred = ranked - ranked.mean(axis=1, keepdims=True)
    spread = np.sqrt((centred**2).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(centred @ centred.T / np.outer(spread, spread))


def ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Ranks from 1; equal values share the mean of theirs."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((counts.cumsum() - (counts - 1) / 2)[which], np.float64)


def _sampled(heat: NDArray[np.float32]) -> NDArray[np.float32]:
    places = (np.unique(np.linspace(0, side - 1, SIDES[heat.ndim]).astype(int)) for side in heat.shape)
    return np.asarray(heat[np.ix_(*places)].ravel())
