"""Scores as independent units: images, or clusters of images (class, video, patient) that hang together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import BadScores

Numbers = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Units:
    """What each unit adds to the sums of m columns of scores, and how many images it holds."""

    sums: Float[np.ndarray, "g m"]
    sizes: Float[np.ndarray, " g"]
    dropped: int  # images with a score that could not be computed

    @staticmethod
    def of(scores: ArrayLike, clusters: Sequence[Any] | None = None) -> Units:
        """Units from scores (n,) or (n, m); an image with a NaN is dropped in all columns, so that they stay paired."""
        table = checked(scores)
        kept = ~np.isnan(table).any(axis=1)
        rows = table[kept]
        if clusters is None:
            return Units(rows, np.ones(len(rows)), int((~kept).sum()))
        if len(clusters) != len(table):
            raise BadScores(
                f"{len(clusters)} clusters were named for {len(table)} images.", fix="name one cluster per image."
            )
        names: dict[Any, int] = {}  # in the order they come
        numbers = [names.setdefault(name, len(names)) for name, known in zip(clusters, kept, strict=True) if known]
        sums = np.zeros((len(names), table.shape[1]))
        np.add.at(sums, numbers, rows)
        return Units(
            sums, np.bincount(np.asarray(numbers, dtype=int), minlength=len(names)).astype(float), int((~kept).sum())
        )

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def images(self) -> int:
        return int(self.sizes.sum())

    @cached_property
    def mean(self) -> Float[np.ndarray, " m"]:
        """The mean over images; NaN where there are none."""
        mean: Numbers = self.sums.sum(axis=0) / (self.images or np.nan)
        return mean

    @cached_property
    def influence(self) -> Float[np.ndarray, "g m"]:
        """What each unit adds to the error of the mean; the squares sum to its variance."""
        off: Numbers = (self.sums - self.sizes[:, None] * self.mean) / max(1, self.images)
        return off * math.sqrt(len(self) / max(1, len(self) - 1))

    @property
    def stderr(self) -> Float[np.ndarray, " m"]:
        """The standard error of the mean; NaN for a single unit, which says nothing of the spread."""
        error: Numbers = np.linalg.norm(self.influence, axis=0)
        return error if len(self) > 1 else np.full_like(error, np.nan)


def checked(scores: ArrayLike) -> Float[np.ndarray, "n m"]:
    """Scores as a table with a row per image; infinite ones are refused, NaN stands for what could not be computed."""
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim not in (1, 2):
        raise BadScores(f"Scores of shape {table.shape} are no table.", fix="give one row per image.")
    if np.isinf(table).any():
        raise BadScores(
            f"{int(np.isinf(table).sum())} of the scores are infinite.", fix="use NaN for what could not be computed."
        )
    return table[:, None] if table.ndim == 1 else table
