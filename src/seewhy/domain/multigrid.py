"""Pixels as the weighted mean of their eight neighbours: a large linear system, solved on grids from fine to coarse."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from ..errors import BadOption

Planes = Float[Tensor, "n c height width"]
Resized = Float[Tensor, "n c rows columns"]
Marks = Float[Tensor, "_ 1 height width"]

CLOSE = 4e-4  # estimated error below which a plane is done; a step of 8 bits is 10 times that
MOST = 200  # rounds
SWEEPS, LAST_SWEEPS, COARSEST = 2, 6, 4
RIM = (1, 1, 1, 1)  # planes are solved with a rim of zeros: neighbours are then sums of shifted planes, without borders


class _Grid(NamedTuple):
    """The system on one grid."""

    weights: Marks  # of the neighbours inside the image: 12, at a border 8, in a corner 5
    step: Marks  # one over the diagonal of the system; 0 where a pixel is known, as on the rim
    free: Marks  # 1 where a pixel is not known


def mean_of_neighbours(pixels: Planes, keep: Marks, start: Planes) -> Planes:
    """What a picture shows of which `keep` is known, and elsewhere the weighted mean of the neighbours it shows.

    The weights are 2 for direct and 1 for diagonal neighbours, 0 beyond the border. With u the picture:
    u = keep * pixels + (1 - keep) * mean(u), and the mean is returned. Times weights / (1 - keep) the system is
    symmetric: a Laplacian, and a pull towards what is kept. Nothing kept leaves it open; then the start remains.
    """
    known = keep >= 1
    pull = functional.pad(_weights(keep) * keep / (1 - keep), RIM, value=torch.inf)
    grids = _grids(pull)
    u = functional.pad(torch.where(known, pixels, start), RIM)
    rest = (functional.pad(pixels, RIM) - u) * torch.where(pull.isinf(), 0, pull) + _laplacian(u, grids[0].weights)
    u = _solved(u, rest, torch.where(pull.isinf(), 0, pull), grids)
    return torch.where(known, pixels, (_around(u) / grids[0].weights)[..., 1:-1, 1:-1])


def _solved(u: Planes, rest: Planes, pull: Marks, grids: list[_Grid]) -> Planes:
    """Conjugate gradients with a multigrid cycle in front, whose answer is the estimate of the error that is left."""
    least = torch.finfo(u.dtype).tiny  # a plane whose rest is zero moves nowhere
    way, before = torch.zeros_like(u), torch.ones_like(u[..., :1, :1])
    for _ in range(MOST):
        better = _cycle(rest, grids)
        done = torch.linalg.vector_norm(better, torch.inf, dim=(-2, -1), keepdim=True) < CLOSE
        if bool(done.all()):
            return u
        size = _dot(better, rest)
        way = torch.addcmul(better, way, size / before)
        change = torch.addcmul(-_laplacian(way, grids[0].weights), pull, way)
        stride = torch.where(done, 0, size / _dot(way, change).clamp(min=least))  # each plane stops by itself
        u, rest = torch.addcmul(u, stride, way), torch.addcmul(rest, stride, change, value=-1)
        before = size.clamp(min=least)
    raise BadOption(
        f"Linear imputation did not come within {CLOSE:g} in {MOST} rounds.",
        fix="check that the image is in [0, 1], or use baseline='inpaint'.",
    )


def _grids(pull: Marks) -> list[_Grid]:
    """The system on ever coarser grids: a coarse pixel is known where any of its four is; pulls add up."""
    grids = []
    while True:
        weights = functional.pad(_weights(pull[..., 1:-1, 1:-1]), RIM, value=1.0)
        grids.append(_Grid(weights, 1 / (weights + pull), pull.isfinite().to(pull.dtype)))
        if min(pull.shape[-2:]) <= COARSEST + 2 or not bool(pull.isfinite().any()):
            return grids
        pull = _coarse(pull, rim=torch.inf)


def _cycle(rest: Planes, grids: list[_Grid]) -> Planes:
    """Roughly the answer to a rest: smoothed here, corrected from the coarser grids, smoothed again."""
    (_, step, free), *coarser = grids
    first = found = rest * step
    for _ in range(SWEEPS - 1 if coarser else LAST_SWEEPS):
        first, found = found, _sweep(found, rest, step)
    if not coarser:
        return found
    left = _around(found - first) * free  # the rest after a sweep: what the last change did to the neighbours
    found = torch.addcmul(found, free, _fine(_cycle(_coarse(left), coarser), found.shape))
    for _ in range(SWEEPS):
        found = _sweep(found, rest, step)
    return found


def _sweep(found: Planes, rest: Planes, step: Marks) -> Planes:
    """Jacobi: every free pixel at once as its neighbours want it; leaves a third of what is not smooth."""
    return _around(found).add_(rest).mul_(step)


def _sums(planes: Planes) -> Planes:
    """[1 2 1] along both axes, on planes with a rim of zeros; meaningless on the rim itself.

    Each is two sums of a plane with itself, shifted. The two planes are used in turn: new memory costs more than sums.
    """
    flat, row = planes.flatten(), planes.shape[-1]
    one, two = torch.empty_like(flat), torch.empty_like(flat)
    torch.add(flat[1:], flat[:-1], out=one[1:])
    torch.add(one[2:], one[1:-1], out=two[1:-1])
    torch.add(two[row + 1 : -1], two[1 : -row - 1], out=one[row + 1 : -1])
    torch.add(one[2 * row + 1 : -1], one[row + 1 : -row - 1], out=two[row + 1 : -row - 1])
    two[: row + 1] = two[-row - 1 :] = 0
    return two.reshape(planes.shape)


def _around(planes: Planes) -> Planes:
    """The weighted sum of the eight neighbours."""
    return _sums(planes).sub_(planes, alpha=4)


def _laplacian(planes: Planes, weights: Marks) -> Planes:
    """The same less the weights, in one step: even where planes are flat; rounding would add up over large holes."""
    return _sums(planes).addcmul_(weights + 4, planes, value=-1)


def _weights(like: Marks) -> Marks:
    """Of the neighbours that lie inside, for planes of this size."""
    return _around(functional.pad(torch.ones_like(like[:1]), RIM))[..., 1:-1, 1:-1]


def _coarse(planes: Planes, rim: float = 0.0) -> Resized:
    """Sums over squares of two by two; a row or column that is left over stands alone."""
    height, width = planes.shape[-2] - 2, planes.shape[-1] - 2
    inner = functional.pad(planes[..., 1:-1, 1:-1], (0, width % 2, 0, height % 2))
    rows = inner[..., ::2, :] + inner[..., 1::2, :]
    return functional.pad(rows[..., ::2] + rows[..., 1::2], RIM, value=rim)


def _fine(planes: Planes, shape: torch.Size) -> Resized:
    """Every value four times, in a square, cut to the shape of the finer planes."""
    height, width = shape[-2] - 2, shape[-1] - 2
    wide = torch.stack([planes[..., 1:-1, 1:-1]] * 2, dim=-1).flatten(-2)
    tall = torch.stack([wide] * 2, dim=-2).flatten(-3, -2)
    return functional.pad(tall[..., :height, :width], RIM)


def _dot(one: Planes, other: Planes) -> Float[Tensor, "n c 1 1"]:
    product: Tensor = torch.linalg.vecdot(one.flatten(2), other.flatten(2))
    return product[..., None, None]
