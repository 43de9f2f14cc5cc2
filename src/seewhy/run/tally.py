"""Maps of a data set added up as they come: what is kept of each photo is a few hundred numbers and a thumbnail."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..domain.cost import Cost
from ..errors import BadOption, Cancelled
from ..explanation import Explanation
from ..render.frame import resized, still
from .prototypes import PLACES
from .results import Failure

FINEST = 64  # places a side of a mean map, at most
THUMB = 224  # pixels of the longer side
Map = NDArray[np.float64]


@dataclass
class ClassTally:
    """What was seen of one class."""

    index: int | None
    label: str
    total: Map
    maps: list[Map] = field(default_factory=list)  # small, each sums to 1
    names: list[str] = field(default_factory=list)
    thumbs: list[bytes] = field(default_factory=list)  # JPEG
    flat: int = 0  # photos whose map is zero everywhere

    @property
    def count(self) -> int:
        return len(self.maps) + self.flat


@dataclass
class Tally:
    """All classes together, and what went wrong."""

    classes: dict[str, ClassTally] = field(default_factory=dict)
    failures: list[tuple[str, str]] = field(default_factory=list)  # name, what happened
    checks: Counter[tuple[str, str]] = field(default_factory=Counter)  # (check, verdict) that is not good
    cost: Cost = field(default_factory=Cost)
    photo: tuple[int, int] | None = None  # height and width of the photos, if all are alike and seen as a whole
    cancelled: bool = False
    first: Explanation | None = None
    shape: tuple[int, int] = (0, 0)

    @property
    def count(self) -> int:
        return sum(one.count for one in self.classes.values())

    def add(self, found: Any) -> None:
        """One explanation, or the failure that stands in its place."""
        if isinstance(found, Failure):
            if isinstance(found.error, Cancelled):
                self.cancelled = True
            else:
                self.failures.append((found.name, found.error.problem))
            return
        if not isinstance(found, Explanation):
            raise BadOption(f"A {type(found).__name__} is no explanation.", fix="give a flat list of explanations.")
        self._start(found)
        strength = np.abs(np.nan_to_num(still(found.values)) - found.zero).astype(np.float32)
        mine = self.classes.setdefault(found.target.label, self._empty(found))
        mine.total += _at(strength, self.shape)
        small = _at(strength, (PLACES, PLACES))
        if small.sum() > 0:
            mine.maps.append(small / small.sum())
            mine.names.append(found.picture.name)
            mine.thumbs.append(_thumb(found))
        else:
            mine.flat += 1
        self.checks.update((c.name, c.verdict) for c in found.checks if c.verdict in ("bad", "warning"))
        self.cost += found.cost + found.check_cost
        if found.picture.size != self.photo or not _all_seen(found):
            self.photo = None

    def _start(self, found: Explanation) -> None:
        if self.first is None:
            self.first = found
            height, width = still(found.values).shape
            self.shape, self.photo = (min(height, FINEST), min(width, FINEST)), found.picture.size
        elif found.origin.method != self.first.origin.method:
            methods = f"{self.first.origin.method} and {found.origin.method}"
            raise BadOption(f"These are explanations by {methods}: their maps cannot be added up.", fix="give one.")

    def _empty(self, found: Explanation) -> ClassTally:
        return ClassTally(found.target.index, found.target.label, np.zeros(self.shape))


def _at(strength: NDArray[np.float32], shape: tuple[int, int]) -> Map:
    """A map at another resolution: averaged where it is finer, spread evenly where it is coarser."""
    return resized(strength, shape[::-1], Image.Resampling.BOX).astype(np.float64)


def _thumb(found: Explanation) -> bytes:
    from ..render.overlay import overlay

    file = io.BytesIO()
    overlay(found, legend=False, longest=THUMB).save(file, "JPEG", quality=85)
    return file.getvalue()


def _all_seen(found: Explanation) -> bool:
    geometry = found.geometry
    return all(
        abs(offset) < 1e-6 and abs(original * scale - model) < 1e-3
        for offset, original, scale, model in zip(
            geometry.offset, geometry.original, geometry.scale, geometry.model, strict=True
        )
    )
