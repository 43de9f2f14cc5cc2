"""Where on the photo the numbers lie, in thirds of its height and width."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .frame import on_frame, softened
from .moment import span, telling_frame

if TYPE_CHECKING:
    from ..explanation import Explanation

ROWS, COLUMNS = ("upper", "middle", "lower"), ("left", "centre", "right")


@dataclass(frozen=True)
class Place:
    """One ninth of the photo, or one part of it, and what the map says there."""

    name: str  # upper left, centre ...
    value: float  # sum of the map there; of a part, its own value
    share: float  # of all evidence with this sign
    part: int | None = None
    area: float = 0.0  # of the photo
    band: float | None = None  # half-width that covers all parts at once, 95%
    when: str = ""  # of a part of a clip


def name_of(y: float, x: float) -> str:
    """The third of height and width that holds a point of the unit square."""
    row, column = ROWS[min(2, int(y * 3))], COLUMNS[min(2, int(x * 3))]
    if (row, column) == ("middle", "centre"):
        return "centre"
    return f"{row} {column}"


def ninths(heat: NDArray[np.float32], sign: int) -> list[Place]:
    """The ninths of the photo by how much of the evidence with this sign lies there, most first."""
    side = np.where(np.isfinite(heat), np.clip(heat * sign, 0, None), 0).astype(np.float64)
    total = side.sum()
    if total == 0:
        return []
    cuts = [np.ceil(np.arange(4) * length / 3 - 0.5).astype(int) for length in heat.shape]
    found = []
    for row in range(3):
        for column in range(3):
            window = side[cuts[0][row] : cuts[0][row + 1], cuts[1][column] : cuts[1][column + 1]]
            held = float(window.sum())
            found.append(Place(name_of((row + 0.5) / 3, (column + 0.5) / 3), sign * held, held / float(total)))
    return sorted((place for place in found if place.share > 0), key=lambda place: -place.share)


def parts(explanation: Explanation, sign: int) -> list[Place]:
    """The parts whose value has this sign, strongest first; empty when the method does not play with parts."""
    played = explanation.parts
    if played is None or played.labels is None:
        return []
    place = _on_photo(explanation, played.labels) if played.labels.ndim == 2 else _in_clip(explanation, played.labels)
    total = float(np.clip(played.values * sign, 0, None).sum())
    ranked = [int(i) for i in np.argsort(-played.values * sign, kind="stable") if played.values[i] * sign > 0]
    found = []
    for i in ranked:
        where = place(i)
        if where is None:
            continue  # lies in the padding, not on the photo
        value = float(played.values[i])
        band = None if played.band is None else float(played.band[i])
        found.append(replace(where, value=value, share=abs(value) / total, part=i, band=band))
    return found


def _on_photo(explanation: Explanation, labels: NDArray[np.int32]) -> Callable[[int], Place | None]:
    """Where a part lies on the photo."""
    shown = explanation.geometry.to_original(labels.astype(np.float64), blocky=True)
    return lambda part: _placed(shown == part)


def _placed(where: NDArray[np.bool_]) -> Place | None:
    rows, columns = np.nonzero(where)
    if not rows.size:
        return None
    name = name_of((rows.mean() + 0.5) / where.shape[0], (columns.mean() + 0.5) / where.shape[1])
    return Place(name, 0.0, 0.0, area=rows.size / where.size)


def _in_clip(explanation: Explanation, labels: NDArray[np.int32]) -> Callable[[int], Place | None]:
    """When a part of a clip is there, and where, in the middle of its time; whole frames are everywhere."""
    time = explanation.geometry.time
    if time is None:
        return lambda part: None

    def place(part: int) -> Place | None:
        inside = labels == part
        frames = np.flatnonzero(inside.any(axis=(1, 2)))
        if not frames.size:
            return None
        when, area = span(time, time.begins[frames[0]], time.ends[frames[-1]]), float(inside.mean())
        if inside[frames].all():
            return Place("", 0.0, 0.0, area=area, when=when)
        middle = inside[[frames[len(frames) // 2]]].astype(np.float64)
        where = _placed(explanation.geometry.to_original(middle, blocky=True, frame=0) == 1)
        return None if where is None else replace(where, area=area, when=when)

    return place


def strongest(heat: NDArray[np.float32], sign: int = 1) -> tuple[int, int]:
    """The (x, y) pixel of the photo around which the map is strongest."""
    soft = np.where(np.isfinite(heat), softened(heat) * sign, -np.inf)
    # A part is a plateau: its middle is meant, not its first corner. Of several peaks, one is meant, not between them.
    peak = np.argwhere(soft >= 0.99 * soft.max())
    y, x = peak[np.square(peak - peak.mean(axis=0)).sum(axis=1).argmin()]
    return int(x), int(y)


def spread(heat: NDArray[np.float32], sign: int = 1, share: float = 0.5) -> float:
    """The smallest share of the seen area that holds this share of the evidence."""
    ranked = np.sort(heat[heat * sign > 0] * sign)[::-1].astype(np.float64)
    held = np.cumsum(ranked)
    return float((np.searchsorted(held, share * held[-1]) + 1) / np.isfinite(heat).sum())


def shown(explanation: Explanation) -> dict[int, NDArray[np.float32]]:
    """The map on the photo that is described, by sign; of a clip when most evidence with this sign is there."""
    frames = {sign: telling_frame(explanation, sign) for sign in (1, -1)}
    heats = {frame: on_frame(explanation, frame) for frame in set(frames.values())}
    return {sign: heats[frame] for sign, frame in frames.items()}


def strength(explanation: Explanation, heats: Mapping[int, NDArray[np.float32]]) -> NDArray[np.float32]:
    """All that the map says, measured from its zero: of a photo on its pixels, of a clip in all its cells."""
    of_clip = explanation.geometry.time is not None
    return np.nan_to_num(explanation.values - np.float32(explanation.zero) if of_clip else heats[1])
