"""The moments of a clip, most evidence first: its frames, equal segments of its time, or its shots."""

from __future__ import annotations

from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from PIL import Image

from ..domain.edits import segments
from ..domain.shots import cuts
from ..errors import BadOption
from .film import clip_of
from .moment import Stretch, curve, span
from .number import percent

if TYPE_CHECKING:
    from ..explanation import Explanation

By = Literal["frames", "segments", "shots"]
COARSE, SHOWN, QUARTERS = (64, 64), 3, 4  # pixels in which cuts are looked for; moments in a sentence; segments


def by_strength(explanation: Explanation, by: By = "frames", count: int = QUARTERS) -> list[Stretch]:
    """Moments by how much speaks for the target in them; a cell that two of them share is divided by its time."""
    clip_of(explanation)  # a photo is refused
    cells = curve(explanation)
    if by == "frames":
        found = cells
    else:
        found = [_whole(explanation, cells, first, stop) for first, stop in pairwise(_edges(explanation, by, count))]
    return sorted(found, key=lambda stretch: (-stretch.supports, stretch.opposes, stretch.begin))


def _edges(explanation: Explanation, by: str, count: int) -> list[int]:
    """Where the moments begin, as model frames, and the end."""
    time, _ = clip_of(explanation)
    if by == "segments":
        return [*(piece.start for piece in segments(len(time), count)), len(time)]
    if by == "shots":
        return [0, *_cuts(explanation), len(time)]
    raise BadOption(f"There are no moments by {by!r}.", fix="choose frames, segments or shots.")


def _cuts(explanation: Explanation) -> list[int]:
    """The first model frame of each shot but the first, among the frames that the model saw."""
    time, footage = clip_of(explanation)
    numbers = sorted(set(time.shown))
    small = {
        number: np.asarray(Image.fromarray(pixels).resize(COARSE, Image.Resampling.BOX))
        for number, pixels in zip(numbers, footage.frames(numbers), strict=True)
    }
    clip = torch.from_numpy(np.stack([small[number] for number in time.shown]))
    return cuts(clip.permute(3, 0, 1, 2).float() / 255)


def _whole(explanation: Explanation, cells: list[Stretch], first: int, stop: int) -> Stretch:
    """What lies in a run of model frames: the sum over the frames of the cells that look at them."""
    time, _ = clip_of(explanation)
    borders = [k * len(time) / len(cells) for k in range(len(cells) + 1)]
    if explanation.parts is not None:
        borders = [float(ceil(border - 1e-9)) for border in borders]  # as regions divide an axis
    shared = np.array([max(0.0, min(stop, b) - max(first, a)) for a, b in pairwise(borders)])
    sides = (float(shared @ [getattr(cell, side) for cell in cells]) for side in ("supports", "opposes", "band"))
    return Stretch(time.begins[first], time.ends[stop - 1], *sides)


def when(explanation: Explanation) -> list[str]:
    """The strongest quarters and shots of a clip in words; nothing for a photo, or a map without moments."""
    if explanation.footage is None or len(explanation.values) < 2 or not any(s.supports for s in curve(explanation)):
        return []
    told, shots = [], by_strength(explanation, "shots")
    if len(explanation.values) > QUARTERS:
        told.append(_told(explanation, "quarters of the time", by_strength(explanation, "segments", QUARTERS)))
    if len(shots) == 1:
        return [*told, "shots: one, no cut was found in the frames seen"]
    return [*told, _told(explanation, f"{len(shots)} shots", shots)]


def _told(explanation: Explanation, noun: str, moments: list[Stretch]) -> str:
    time, _ = clip_of(explanation)
    total = sum(moment.supports for moment in moments)
    shown = [moment for moment in moments if moment.supports > 0][:SHOWN]
    return f"{noun}: " + "; ".join(f"{span(time, one.begin, one.end)} {_share(one, total)}" for one in shown)


def _share(one: Stretch, total: float) -> str:
    """Of all that speaks for the target, with the error bar of the moment itself."""
    doubt = f" ± {percent(one.band / total)}" if one.band else ""
    return f"{percent(one.supports / total)}{doubt}"
