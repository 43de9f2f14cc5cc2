"""The concatenation test: in two clips of different classes joined, does what speaks for a class lie in its half?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..domain.edits import joined
from ..domain.ranges import share, whole
from ..domain.target import Target
from ..engine.control import Control
from ..errors import BadPixels
from ..inputs.expand import expand
from ..models.adapt import adapt
from ..stats.bootstrap import mean_interval
from ..stats.compare import Ranking, compare
from ..stats.interval import Interval
from .explainers import explainers_of, problem_of
from .sure_of import of_different_classes, pixels_of, sure_of

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class JoinedClips:
    """Hits of the strongest frame, and shares of the positive values, in the right half."""

    hits: Mapping[str, Numbers]  # (pairs, 2) by method; NaN where nothing tells frames apart
    shares: Mapping[str, Numbers]  # (pairs, 2); NaN where nothing speaks for the class
    pairs: tuple[tuple[str, ...], ...]  # the names of the clips
    problems: Mapping[str, Mapping[int, str]]  # why a method has no map of a pair

    @property
    def chance(self) -> float:
        """What a map that knows nothing gets."""
        return 0.5

    def interval(self, method: str) -> Interval:
        """How often the strongest frame hits, with its 95 % interval; the pair is the unit."""
        return mean_interval(self.hits[method].mean(axis=1))

    def ranking(self) -> Ranking:
        """All methods compared on the same pairs by their shares in the right half."""
        return compare({method: table.mean(axis=1) for method, table in self.shares.items()})


def joined_clips(
    model: Any,
    clips: Any,
    methods: Any,
    *,
    pairs: int = 100,
    sure: float = 0.9,
    preprocess: Any = None,
    seed: int = 0,
    **options: Any,
) -> JoinedClips:
    """Join the middle halves of seeded pairs of clips of different classes that the model is sure of; explain both.

    As the concatenation of Li et al. 2021 (WACV): it needs no boxes, and is to time what a mosaic is to space.
    """
    whole("pairs", pairs)
    share("sure", sure)
    adapted = adapt(model, preprocess=preprocess)
    items, _ = expand(clips)
    generator, control = torch.Generator().manual_seed(seed), Control()
    with adapted.borrowed():
        known = sure_of(adapted, items, sure)
        chosen = [of_different_classes(known, 2, generator) for _ in range(pairs)]
        explainers = explainers_of(methods, adapted, seed=seed, options=options)
        hits, shares = ({one.name: np.full((pairs, 2), np.nan) for one in explainers} for _ in range(2))
        problems: dict[str, dict[int, str]] = {one.name: {} for one in explainers}
        for i, members in enumerate(chosen):
            clip = _joined([pixels_of(adapted, item) for _, item in members])
            targets = [Target(index, str(index)) for index, _ in members]
            for one in explainers:
                try:
                    asked = clip.expand(2, *clip.shape)
                    maps = one(adapted, asked, targets, seed=seed + i, control=control)
                    hits[one.name][i], shares[one.name][i] = zip(*_halves(maps), strict=True)
                except Exception as error:  # a person's function may raise anything: the others go on
                    problems[one.name][i] = problem_of(error)
    return JoinedClips(hits, shares, tuple(tuple(item.name for _, item in m) for m in chosen), problems)


def _joined(members: list[Tensor]) -> Tensor:
    first, second = members
    if first.ndim != 4 or first.shape[1] < 2:
        raise BadPixels(f"Inputs of shape {tuple(first.shape)} cannot be joined in time.", fix="give clips.")
    return joined(first, second)


def _halves(maps: Tensor) -> Iterator[tuple[float, float]]:
    """For the map of each half's class: whether its strongest frame, and how much of it, lies in that half."""
    middle = maps.shape[1] // 2
    for one, half in zip(maps.double(), (slice(0, middle), slice(middle, None)), strict=True):
        strength, positive = one.mean(dim=(1, 2)), one.clamp(min=0)
        peak = strength == strength.max()
        hit = float("nan") if bool(peak.all()) else float(peak[half].sum() / peak.sum())
        yield hit, float(positive[half].sum() / positive.sum())
