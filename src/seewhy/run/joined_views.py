"""Explanations of views put together: stretches one after the other in time, crops averaged where they overlap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray

from ..domain.check import Check, Verdict
from ..domain.cost import Cost
from ..domain.evidence import Sampling
from ..domain.geometry import Geometry
from ..domain.picture import Picture
from ..domain.timeline import Timeline
from ..explanation import Explanation
from ..inputs.views import Views
from .checks import shape_of_map

WORST: tuple[Verdict, ...] = ("bad", "warning", "not run", "info", "good")
STOPS = ("cancelled", "budget", "samples", "converged", "exact")  # the least sure first
Map = NDArray[np.float32]


def joined(found: Sequence[Explanation], views: Views, told: tuple[Check, ...]) -> Explanation:
    """One explanation of all views, which come stretch by stretch, and in each crop by crop.

    A place has the mean of the maps of those views that saw it; what none saw is not seen. Numbers per part stay
    behind, because every view has parts of its own.
    """
    first = found[0]
    stretches = [found[i : i + views.crops] for i in range(0, len(found), views.crops)]
    canvas = _canvas(stretches)
    values = _over_all(stretches, canvas, lambda one: one.values - np.float32(one.zero))
    assert values is not None
    shape = shape_of_map(torch.from_numpy(np.nan_to_num(values)), parts=first.parts is not None)
    zero = float(np.mean([one.zero for one in found]))
    ran = sum((Counter(one.origin.ran) for one in found), Counter[str]())
    return replace(
        first,
        values=values + np.float32(zero),
        stderr=_over_all(stretches, canvas, lambda one: one.stderr),
        band=_over_all(stretches, canvas, lambda one: one.band),
        parts=None,
        zero=zero,
        target=replace(first.target, score=float(np.mean([one.target.score for one in found]))),
        checks=(*told, *_checks(found, shape)),
        origin=replace(first.origin, views=str(views), ran=dict(ran)),
        cost=sum((one.cost for one in found), Cost()),
        check_cost=sum((one.check_cost for one in found), Cost()),
        seconds=sum(one.seconds for one in found),
        geometry=canvas,
        picture=_picture(found, canvas),
        sampling=_sampling([one.sampling for one in found if one.sampling is not None]),
    )


# -- where the views lie


def _canvas(stretches: Sequence[Sequence[Explanation]]) -> Geometry:
    """All that the views saw, at the scale at which they saw it."""
    crops = [one.geometry for one in stretches[0]]
    corner = [max(crop.offset[axis] for crop in crops) for axis in (0, 1)]  # the offset is minus where a crop begins
    size = [max(crop.model[axis] + corner[axis] - crop.offset[axis] for crop in crops) for axis in (0, 1)]
    return replace(
        crops[0],
        model=(round(size[0]), round(size[1])),
        offset=(corner[0], corner[1]),
        steps=tuple(dict.fromkeys(chain.from_iterable(crop.steps for crop in crops))),
        time=_one_after_the_other([_time(stretch[0]) for stretch in stretches]),
    )


def _one_after_the_other(times: Sequence[Timeline]) -> Timeline:
    shown, begins, ends = (
        tuple(chain.from_iterable(getattr(time, name) for time in times)) for name in ("shown", "begins", "ends")
    )
    return replace(times[0], shown=shown, begins=begins, ends=ends)


def _time(one: Explanation) -> Timeline:
    assert one.geometry.time is not None  # views are views of clips
    return one.geometry.time


# -- maps


def _over_all(
    stretches: Sequence[Sequence[Explanation]], canvas: Geometry, read: Callable[[Explanation], Map | None]
) -> Map | None:
    """What is read of each view, placed and averaged; None where a view lacks it."""
    each = [[read(one) for one in crops] for crops in stretches]
    placed = [
        [_placed(one, values, canvas) for one, values in zip(crops, maps, strict=True) if values is not None]
        for crops, maps in zip(stretches, each, strict=True)
    ]
    if any(len(maps) < len(crops) for maps, crops in zip(placed, stretches, strict=True)):
        return None
    return np.concatenate([_mean(maps) for maps in placed])


def _placed(one: Explanation, values: Map, canvas: Geometry) -> Map:
    """A map on the canvas: as it is where the view is all of it, otherwise on its pixels, NaN where it did not look."""
    here, blocky = one.geometry, one.parts is not None
    if blocky:
        values = _time(one).on_frames(values, blocky=True)
    elif here.model == canvas.model:
        return values
    offset = (here.offset[0] - canvas.offset[0], here.offset[1] - canvas.offset[1])
    return Geometry(canvas.model, here.model, (1.0, 1.0), offset).to_original(values, blocky=blocky)


def _mean(maps: Sequence[Map]) -> Map:
    """Over the views that saw a place; NaN where none did. The error of a mean is at most the mean of the errors."""
    if len(maps) == 1:
        return maps[0]
    seen = np.isfinite(maps).sum(axis=0)
    return np.where(seen > 0, np.nansum(maps, axis=0) / np.maximum(seen, 1), np.nan).astype(np.float32)


# -- what is said about them


def _picture(found: Sequence[Explanation], canvas: Geometry) -> Picture:
    """The frame in the middle of all that were seen."""
    footage, time = found[0].footage, canvas.time
    assert footage is not None
    assert time is not None
    pixels = next(footage.frames([time.shown[time.middle]]))
    notes = tuple(dict.fromkeys(chain.from_iterable(one.picture.notes for one in found)))
    return replace(found[0].picture, pixels=pixels, notes=notes)


def _checks(found: Sequence[Explanation], shape: Check) -> list[Check]:
    """Of each check the worst among the views, what is only noted once; a view may well be empty, the whole not."""
    names = dict.fromkeys(check.name for one in found for check in one.checks)
    checks: list[Check] = []
    for name in names:
        several = [[check for check in one.checks if check.name == name] for one in found]
        if name == shape.name:
            checks.append(shape)
        elif any(len(own) > 1 for own in several) or name == "note":
            checks += dict.fromkeys(chain.from_iterable(several))
        else:
            checks.append(_worst([own[0] for own in several if own], len(found)))
    return checks


def _worst(checks: Sequence[Check], views: int) -> Check:
    found = min(checks, key=lambda check: WORST.index(check.verdict))
    alike = sum(check.verdict == found.verdict for check in checks)
    if len({check.message for check in checks}) == 1:
        return found
    return replace(found, message=f"{found.message} So in {alike} of {views} views; the numbers are of one of them.")


def _sampling(found: Sequence[Sampling]) -> Sampling | None:
    """All draws, ended as the least sure view ended."""
    if not found:
        return None
    least = min(found, key=lambda one: STOPS.index(one.stop))
    widths = [one.halfwidth for one in found if one.halfwidth is not None]
    return replace(least, drawn=sum(one.drawn for one in found), halfwidth=max(widths, default=None))
