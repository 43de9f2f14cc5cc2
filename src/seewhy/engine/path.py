"""Gradients summed up along a path from the empty input to the image; nodes go where the score is not yet explained."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..domain.baseline import Baseline
from ..domain.evidence import Evidence
from ..domain.ranges import positive, whole
from ..domain.shapes import Images, Variants
from .probe import Probe

FIRST = 4  # pieces of a path before any of them is halved
HELD = 64  # pieces that may still be halved; so memory does not grow with the steps


@dataclass(frozen=True)
class Path:
    """From the empty input (0) to the image (1): where it is, and how fast it changes there."""

    at: Callable[[float], Tensor]
    speed: Callable[[float], Tensor]


def straight(start: Tensor, image: Tensor) -> Path:
    """The line between them."""
    return Path(lambda t: start + t * (image - start), lambda _: image - start)


def between(starts: Variants, image: Tensor, places: Float[Tensor, " n"]) -> Variants:
    """On the lines from each start to the image, one place each: 0 is the start, 1 the image."""
    return starts + places.to(image).reshape(-1, *[1] * image.ndim) * (image - starts)


@dataclass(frozen=True)
class Integral:
    """What each place adds along a path, the scores at its ends, and what is unexplained, summed over its pieces."""

    values: Tensor  # (*space), summed over channels
    start: float
    end: float
    error: float

    @property
    def share(self) -> float:
        """The error as a share of what there is to explain; the completeness residual is never larger."""
        change = abs(self.end - self.start)
        return 0.0 if self.error == 0 else self.error / change if change else math.inf


def nodes(steps: int) -> int:
    """The nodes that so many steps allow: Simpson's rule needs an odd number."""
    return steps - 1 + steps % 2


def integrated(probe: Probe, paths: Callable[[Tensor], Sequence[Path]], *, steps: int, tolerance: float) -> Evidence:
    """The mean over the paths of each image."""
    found = []
    for i, image in enumerate(probe.images):
        probe.control.start()
        found.append([integral(probe, i, path, steps=steps, tolerance=tolerance) for path in paths(image)])
    values = torch.stack([torch.stack([one.values for one in row]).mean(dim=0) for row in found])
    start = values.new_tensor([sum(one.start for one in row) / len(row) for row in found])
    end = values.new_tensor([sum(one.end for one in row) / len(row) for row in found])
    worst = max(one.share for row in found for one in row)
    left = (
        f"{steps} steps explain the score along the path to within {worst:.0%} of its change (asked: {tolerance:.0%})."
    )
    notes = (left,) if worst > tolerance > 0 else ()
    return Evidence(values, total=values.flatten(1).sum(dim=1), explained=end - start, empty=start, notes=notes)


def on_fixed_nodes(probe: Probe, baseline: Baseline, *, steps: int) -> Evidence:
    """The straight line from each fill of a baseline on Gauss–Legendre nodes, streamed over all images together."""
    starts = torch.stack([baseline.fill(image) for image in probe.images], dim=1)
    maps = [(probe.images - start) * _mean_gradient(probe, start, steps) for start in starts]
    values = torch.stack(maps).mean(dim=0).sum(dim=1)
    empty = torch.stack([probe.scores(start) for start in starts]).mean(dim=0)
    return Evidence(values, total=values.flatten(1).sum(dim=1), explained=probe.score(probe.clean) - empty, empty=empty)


def _mean_gradient(probe: Probe, start: Images, steps: int) -> Tensor:
    whole("steps", steps)
    places, weights = np.polynomial.legendre.leggauss(steps)
    at, shares = torch.from_numpy((places + 1) / 2).tolist(), torch.from_numpy(weights / 2).tolist()
    images, total = probe.images, torch.zeros_like(start, dtype=torch.float64)
    together = max(1, probe.chunks.backward // len(images))
    for first in range(0, steps, together):
        block = range(first, min(first + together, steps))
        variants = torch.cat([start + at[k] * (images - start) for k in block])
        found = probe.gradients(variants, torch.arange(len(images)).repeat(len(block)))
        for k, gradient in zip(block, found.reshape(len(block), *images.shape), strict=True):
            total += shares[k] * gradient.double()
    return total.float()


def integral(probe: Probe, i: int, path: Path, *, steps: int, tolerance: float) -> Integral:
    """Simpson's rule on pieces of the path; the worst quarter of them is halved until tolerance or steps are reached.

    The error of a piece is known, not estimated: its integral must be the difference of the scores at its ends.
    """
    whole("steps", steps, least=3)
    positive("tolerance", tolerance, or_zero=True)
    pieces = _begun(probe, i, path, min(FIRST, (steps - 1) // 2))
    start, end, used = pieces[0].a.score, pieces[-1].b.score, 2 * len(pieces) + 1
    done, settled = torch.zeros_like(pieces[0].map), 0.0
    while used + 2 <= steps and settled + _error(pieces) > tolerance * abs(end - start):
        pieces.sort(key=lambda piece: -piece.error)
        count = min(math.ceil(len(pieces) / 4), (steps - used) // 2)
        pieces, used = pieces[count:] + _halved(probe, i, path, pieces[:count]), used + 2 * count
        if len(pieces) > HELD:
            pieces.sort(key=lambda piece: -piece.error)
            pieces, best = pieces[: HELD // 2], pieces[HELD // 2 :]
            done, settled = done + _map(best), settled + _error(best)
    return Integral((done + _map(pieces)).float(), start, end, settled + _error(pieces))


def walk(probe: Probe, i: int, points: Iterable[Tensor]) -> Iterator[tuple[float, Tensor]]:
    """Score and gradient at one point after the other, asked in calls of the usual size."""
    block: list[Tensor] = []
    for point in points:
        block.append(point)
        if len(block) >= probe.chunks.backward:
            yield from _asked(probe, i, block)
            block = []
    if block:
        yield from _asked(probe, i, block)


def _asked(probe: Probe, i: int, block: list[Tensor]) -> Iterator[tuple[float, Tensor]]:
    scores, gradients = probe.scores_and_gradients(torch.stack(block), torch.full((len(block),), i))
    return zip(scores.tolist(), gradients, strict=True)


@dataclass(frozen=True)
class _Node:
    """One point of the path: the map is gradient times speed, summed over channels, the slope its sum."""

    at: float
    score: float
    map: Tensor
    slope: float


@dataclass(frozen=True)
class _Piece:
    """A part of the path with its middle."""

    a: _Node
    m: _Node
    b: _Node

    @property
    def map(self) -> Tensor:
        return (self.a.map.double() + 4 * self.m.map.double() + self.b.map.double()) * ((self.b.at - self.a.at) / 6)

    @cached_property
    def error(self) -> float:
        slopes = self.a.slope + 4 * self.m.slope + self.b.slope
        return abs(slopes * (self.b.at - self.a.at) / 6 - (self.b.score - self.a.score))


def _begun(probe: Probe, i: int, path: Path, count: int) -> list[_Piece]:
    found = _looked(probe, i, path, [k / (2 * count) for k in range(2 * count + 1)])
    return [_Piece(*found[k : k + 3]) for k in range(0, 2 * count, 2)]


def _halved(probe: Probe, i: int, path: Path, pieces: list[_Piece]) -> list[_Piece]:
    middles = [(x.at + y.at) / 2 for piece in pieces for x, y in ((piece.a, piece.m), (piece.m, piece.b))]
    found = iter(_looked(probe, i, path, middles))
    return [_Piece(x, next(found), y) for piece in pieces for x, y in ((piece.a, piece.m), (piece.m, piece.b))]


def _looked(probe: Probe, i: int, path: Path, places: list[float]) -> list[_Node]:
    found = []
    for t, (score, gradient) in zip(places, walk(probe, i, map(path.at, places)), strict=True):
        values = (gradient * path.speed(t)).sum(dim=0)
        found.append(_Node(t, score, values, float(values.double().sum())))
    return found


def _error(pieces: list[_Piece]) -> float:
    return sum(piece.error for piece in pieces)


def _map(pieces: list[_Piece]) -> Tensor:
    total = torch.zeros_like(pieces[0].a.map, dtype=torch.float64)
    for piece in pieces:
        total += piece.map
    return total
