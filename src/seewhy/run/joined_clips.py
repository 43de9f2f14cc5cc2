"""The concatenation test: in two clips of different classes joined, does what speaks for a class lie in its half?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
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
from ..errors import BadPixels, Cancelled
from ..inputs.expand import Item, expand
from ..models.adapt import adapt
from ..models.model import Model
from ..render.number import percent
from ..stats.bootstrap import mean_interval
from ..stats.compare import Ranking, compare
from ..stats.interval import Interval
from ..stats.proportions import wilson
from ..store.manifest import plain
from .explainers import Explainer, explainers_of, problem_of
from .plan import default_method
from .sure_of import Sure, of_different_classes, pixels_of, sure_of

Numbers = NDArray[np.float64]
Members = list[tuple[int, Item]]  # the class of each half, and its clip
CONTROLS = ("random", "motion-energy", "first-frames")  # that tell frames apart and know nothing of the model


@dataclass(frozen=True, eq=False)
class JoinedClips:
    """Hits of the strongest frame, and shares of the positive values, in the right half."""

    hits: Mapping[str, Numbers]  # (pairs, 2) by method; NaN where nothing tells frames apart
    shares: Mapping[str, Numbers]  # (pairs, 2); NaN where nothing speaks for the class
    pairs: tuple[tuple[str, ...], ...]  # the names of the clips
    problems: Mapping[str, dict[int, str]]  # why a method has no map of a pair

    cancelled: bool = False

    @property
    def chance(self) -> float:
        """What a map that knows nothing gets."""
        return 0.5

    def interval(self, method: str) -> Interval:
        """How often the strongest frame hits, with its 95 % interval; the pair is the unit."""
        found = self.hits[method].mean(axis=1)
        both = np.isnan(found) | (found == 0) | (found == 1)  # a bootstrap of nothing but hits would be certain
        return wilson(found) if both.all() else mean_interval(found)

    def share(self, method: str) -> Interval:
        """How much of what speaks for a class lies in its half, in the same way."""
        return mean_interval(self.shares[method].mean(axis=1))

    def ranking(self) -> Ranking:
        """All methods compared on the same pairs by their shares in the right half."""
        return compare({method: table.mean(axis=1) for method, table in self.shares.items()})

    def verdict(self, method: str) -> str:
        """What the interval of the hits says."""
        found = self.interval(method)
        if not found.known:
            return "not known"
        if found.holds(self.chance):
            return "not told from chance"
        return "finds its half" if found.low > self.chance else "points to the wrong half"

    def summary(self) -> str:
        """A sentence per method, its intervals beside chance."""
        count = len(self.pairs)
        lines = [f"{count} pair{'s' * (count != 1)} of clips joined; a map that knows nothing hits in 50% of them."]
        lines += [
            f"{name}: {self.verdict(name)}; its strongest frame hits in {told(self.interval(name))}, and"
            f" {told(self.share(name))} of what speaks for a class lies in its half."
            for name in self.hits
        ]
        return "\n".join([*lines, *(["Cancelled: the pairs that were done are counted."] if self.cancelled else [])])

    def to_json(self) -> dict[str, Any]:
        """Plain data, as docs/guide/motion.md describes it."""
        document = {
            "schema": {"name": "seewhy-joined", "version": 1},
            "chance": self.chance,
            "pairs": [list(names) for names in self.pairs],
            "methods": [
                {
                    "name": name,
                    "control": name in CONTROLS,
                    "verdict": self.verdict(name),
                    "hits": _bounds(self.interval(name)),
                    "share": _bounds(self.share(name)),
                    "problems": sorted(set(self.problems[name].values())),
                }
                for name in self.hits
            ],
            "summary": self.summary().split("\n"),
            "cancelled": self.cancelled,
        }
        found: dict[str, Any] = plain(document)  # a bound that is not known is infinite
        return found

    def __str__(self) -> str:
        return self.summary()


def joined_clips(
    model: Any,
    clips: Any,
    methods: Any = None,
    *,
    pairs: int = 100,
    sure: float = 0.9,
    controls: bool = True,
    preprocess: Any = None,
    seed: int = 0,
    control: Control | None = None,
    **options: Any,
) -> JoinedClips:
    """Join the middle halves of seeded pairs of clips of different classes that the model is sure of; explain both.

    As the concatenation of Li et al. 2021 (WACV): it needs no boxes, and is to time what a mosaic is to space. No pair
    is drawn twice, so there may be fewer. `controls`: beside maps that know nothing of the model.
    """
    whole("pairs", pairs)
    share("sure", sure)
    adapted = adapt(model, preprocess=preprocess)
    items, _ = expand(clips)
    generator, reins = torch.Generator().manual_seed(seed), control or Control()
    with adapted.borrowed():
        known = sure_of(adapted, items, sure)
        chosen = _different(known, pairs, generator)
        asked = default_method(adapted) if methods is None else methods
        explainers = explainers_of(asked, adapted, seed=seed, options=options)
        beside = [name for name in CONTROLS if controls and name not in {one.name for one in explainers}]
        explainers += explainers_of(beside, adapted, seed=seed)
        found = _empty([one.name for one in explainers], chosen)
        for i, members in enumerate(chosen):
            clip = _joined([pixels_of(adapted, item) for _, item in members])
            try:
                reins.check()
                for one in explainers:
                    _ask(found, i, one, adapted, clip, [index for index, _ in members], seed + i, reins)
            except (Cancelled, KeyboardInterrupt):
                return _first(found, i)
    return found


def _ask(
    found: JoinedClips,
    i: int,
    one: Explainer,
    model: Model,
    clip: Tensor,
    classes: list[int],
    seed: int,
    reins: Control,
) -> None:
    targets = [Target(index, str(index)) for index in classes]
    try:
        maps = one(model, clip.expand(2, *clip.shape), targets, seed=seed, control=reins)
        found.hits[one.name][i], found.shares[one.name][i] = zip(*_halves(maps), strict=True)
    except Cancelled:
        raise
    except Exception as error:  # a person's function may raise anything: the others go on
        found.problems[one.name][i] = problem_of(error)


def _empty(names: list[str], chosen: Sequence[Members]) -> JoinedClips:
    """Room for the answers."""
    hits, shares = ({name: np.full((len(chosen), 2), np.nan) for name in names} for _ in range(2))
    named = tuple(tuple(item.name for _, item in members) for members in chosen)
    return JoinedClips(hits, shares, named, {name: {} for name in names})


def _first(found: JoinedClips, count: int) -> JoinedClips:
    """What is known of the pairs that were done before a person cancelled."""
    if not count:
        raise Cancelled("The run was cancelled before the first pair was explained.", fix="start it again.")
    hits, shares = ({name: table[:count] for name, table in one.items()} for one in (found.hits, found.shares))
    problems = {name: {i: why for i, why in one.items() if i < count} for name, one in found.problems.items()}
    return JoinedClips(hits, shares, found.pairs[:count], problems, cancelled=True)


def _different(known: Sure, pairs: int, generator: torch.Generator) -> list[Members]:
    """So many different pairs of clips, or all that there are."""
    sizes = [len(clips) for clips in known.values()]
    possible = sum(sizes) ** 2 - sum(size**2 for size in sizes)
    found: dict[tuple[int, ...], Members] = {}
    while len(found) < max(1, min(pairs, possible)):  # one class alone is refused by the draw
        members = of_different_classes(known, 2, generator)
        found.setdefault(tuple(id(item) for _, item in members), members)
    return list(found.values())


def told(found: Interval) -> str:
    """A share between its bounds, as far as they are known."""
    if not math.isfinite(found.value):
        return "an unknown share"
    return percent(found.value) + (f" ({percent(found.low)} to {percent(found.high)})" if found.known else "")


def _bounds(found: Interval) -> dict[str, Any]:
    return {"value": found.value, "low": found.low, "high": found.high, "count": found.count}


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
