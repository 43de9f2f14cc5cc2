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
Room = tuple[Tensor, Tensor, Tensor, Tensor]  # planes of one grid
Rooms = dict[torch.Size, Room]

CLOSE = 4e-4  # estimated error below which a plane is done; a step of 8 bits is 10 times that
MOST = 200  # rounds
SWEEPS, LAST_SWEEPS, COARSEST = 2, 6, 4
SINGLE = 0.2  # a coarser grid that is free in so little of what is free here says nothing: holes are single pixels
TOGETHER = 1 << 19  # numbers at a time: more do not fit beside each other into the cache
RIM = (1, 1, 1, 1)  # planes are solved with a rim of zeros: neighbours are then sums of shifted planes, without borders


class _Grid(NamedTuple):
    """The system on one grid, and room to work in: memory that is fetched anew costs more than the sums."""

    weights: Marks  # of the neighbours inside the image: 12, at a border 8, in a corner 5
    step: Marks  # one over the diagonal of the system; 0 where a pixel is known, as on the rim
    free: Marks  # 1 where a pixel is not known
    room: Room


def mean_of_neighbours(pixels: Planes, keep: Marks, start: Planes) -> Planes:
    """What a picture shows of which `keep` is known, and elsewhere the weighted mean of the neighbours it shows.

    The weights are 2 for direct and 1 for diagonal neighbours, 0 beyond the border. With u the picture:
    u = keep * pixels + (1 - keep) * mean(u), and the mean is returned. Times weights / (1 - keep) the system is
    symmetric: a Laplacian, and a pull towards what is kept. Nothing kept leaves it open; then the start remains.
    """
    size, found = max(1, TOGETHER // pixels[0].numel()), torch.empty_like(pixels, memory_format=torch.contiguous_format)
    rooms: Rooms = {}
    weights = functional.pad(_weights(keep[:1]), RIM, value=1.0)
    for first in range(0, len(pixels), size):
        block = slice(first, first + size)
        found[block] = _block(pixels[block], keep[block], start[block], weights, rooms)
    return found


def _block(pixels: Planes, keep: Marks, start: Planes, weights: Tensor, rooms: Rooms) -> Planes:
    """The same for as many as fit into the cache beside each other."""
    known = keep >= 1
    pull = functional.pad(weights[..., 1:-1, 1:-1] * keep / (1 - keep), RIM, value=torch.inf)
    grids = _grids(pull, weights, pixels.shape[1], rooms)
    u = functional.pad(torch.where(known, pixels, start), RIM).contiguous()
    rest = _laplacian(u, weights, grids[0].room, torch.empty_like(u))
    soft = torch.where(pull.isinf(), 0, pull) if bool(((keep > 0) & ~known).any()) else None  # shine through
    if soft is not None:
        rest.addcmul_(functional.pad(pixels, RIM).sub_(u), soft)
    u = _solved(u, rest, soft, grids)
    spare, means = grids[0].room[:2]
    return torch.where(known, pixels, (_around(u, spare, means).div_(weights))[..., 1:-1, 1:-1])


def _solved(u: Planes, rest: Planes, pull: Marks | None, grids: list[_Grid]) -> Planes:
    """Conjugate gradients with a multigrid cycle in front, whose answer is the estimate of the error that is left.

    All in place: `u` and `rest` are this block's own.
    """
    least = torch.finfo(u.dtype).tiny  # a plane whose rest is zero moves nowhere
    way, before, room = torch.zeros_like(u), torch.ones_like(u[..., :1, :1]), grids[0].room
    close = CLOSE if len(grids) > 1 else CLOSE / 5  # one grid alone sees only the error nearby
    for _ in range(MOST):
        better = _cycle(rest, grids)
        low, high = better.flatten(2).aminmax(dim=-1)
        done = (torch.maximum(high, -low) < close)[..., None, None]
        if bool(done.all()):
            return u
        size = _dot(better, rest, room)
        way.mul_(size / before).add_(better)
        change = _laplacian(way, grids[0].weights, room, room[3]).neg_()
        if pull is not None:
            change.addcmul_(pull, way)
        stride = torch.where(done, 0, size / _dot(way, change, room).clamp(min=least))  # each plane stops by itself
        u.addcmul_(stride, way)
        rest.addcmul_(stride, change, value=-1)
        before = size.clamp(min=least)
    raise BadOption(
        f"Linear imputation did not come within {CLOSE:g} in {MOST} rounds.",
        fix="check that the image is in [0, 1], or use baseline='inpaint'.",
    )


def _grids(pull: Marks, weights: Tensor, planes: int, rooms: Rooms) -> list[_Grid]:
    """The system on ever coarser grids: a coarse pixel is known where any of its four is; pulls add up."""
    grids: list[_Grid] = []
    while True:
        shape = torch.Size([len(pull), planes, *pull.shape[-2:]])
        if shape not in rooms:
            one, two, three, four = pull.new_zeros(4, *shape)
            rooms[shape] = one, two, three, four
        free = pull.isfinite().to(pull.dtype)
        grids.append(_Grid(weights, 1 / (weights + pull), free, rooms[shape]))
        pull = _coarse(pull, rim=torch.inf)
        left = float(pull.isfinite().to(pull.dtype).mean())
        if min(shape[-2:]) <= COARSEST + 2 or left <= SINGLE * float(free.mean()):
            return grids
        weights = functional.pad(_weights(pull[:1, :, 1:-1, 1:-1]), RIM, value=1.0)


def _cycle(rest: Planes, grids: list[_Grid], last: int = 1) -> Planes:
    """Roughly the answer to a rest: smoothed here, corrected from the coarser grids, smoothed again.

    It lies in the grid's room, until the next cycle.
    """
    (_, step, free, (spare, one, two, left)), *coarser = grids
    first, found = two, torch.mul(rest, step, out=one)
    for _ in range(SWEEPS - 1 if coarser else last - 1):
        first, found = found, _sweep(found, rest, step, spare, first)
    if not coarser:
        return found
    # the rest after a sweep: what the last change did to the neighbours
    _around(torch.sub(found, first, out=first), spare, left).mul_(free)
    _fine(_cycle(_coarse(left), coarser, LAST_SWEEPS), left)
    found.addcmul_(free, left)
    for _ in range(SWEEPS):
        first, found = found, _sweep(found, rest, step, spare, first)
    return found


def _sweep(found: Planes, rest: Planes, step: Marks, spare: Planes, out: Planes) -> Planes:
    """Jacobi: every free pixel at once as its neighbours want it; leaves a third of what is not smooth."""
    return _around(found, spare, out).add_(rest).mul_(step)


def _sums(planes: Planes, spare: Planes, out: Planes) -> Planes:
    """[1 2 1] along both axes, on planes with a rim of zeros; meaningless on the rim itself.

    Each is two sums of a plane with itself, shifted.
    """
    flat, one, two = (part.view(-1) for part in (planes, spare, out))
    row = planes.shape[-1]
    torch.add(flat[1:], flat[:-1], out=one[1:])
    torch.add(one[2:], one[1:-1], out=two[1:-1])
    torch.add(two[row + 1 : -1], two[1 : -row - 1], out=one[row + 1 : -1])
    torch.add(one[2 * row + 1 : -1], one[row + 1 : -row - 1], out=two[row + 1 : -row - 1])
    two[: row + 1] = two[-row - 1 :] = 0
    return out


def _around(planes: Planes, spare: Planes, out: Planes) -> Planes:
    """The weighted sum of the eight neighbours."""
    return _sums(planes, spare, out).sub_(planes, alpha=4)


def _laplacian(planes: Planes, weights: Marks, room: Room, out: Planes) -> Planes:
    """The same less the weights, in one step: even where planes are flat; rounding would add up over large holes."""
    return _sums(planes, room[0], out).addcmul_(weights + 4, planes, value=-1)


def _weights(like: Marks) -> Marks:
    """Of the neighbours that lie inside, for planes of this size."""
    ones = functional.pad(torch.ones_like(like), RIM)
    return _around(ones, torch.empty_like(ones), torch.empty_like(ones))[..., 1:-1, 1:-1]


def _coarse(planes: Planes, rim: float = 0.0) -> Resized:
    """Sums over squares of two by two; a row or column that is left over stands alone."""
    height, width = planes.shape[-2] - 2, planes.shape[-1] - 2
    inner = planes[..., 1:-1, 1:-1]
    inner = functional.pad(inner, (0, width % 2, 0, height % 2)) if width % 2 or height % 2 else inner
    rows = inner[..., ::2, :] + inner[..., 1::2, :]
    return functional.pad(rows[..., ::2] + rows[..., 1::2], RIM, value=rim)


def _fine(planes: Resized, out: Planes) -> None:
    """Every value four times, in a square, cut to the shape of the finer planes."""
    coarse, inner = planes[..., 1:-1, 1:-1], out[..., 1:-1, 1:-1]
    for down in (0, 1):
        for right in (0, 1):
            part = inner[..., down::2, right::2]
            part.copy_(coarse[..., : part.shape[-2], : part.shape[-1]])


def _dot(one: Planes, other: Planes, room: Room) -> Float[Tensor, "n c 1 1"]:
    return torch.mul(one, other, out=room[0]).sum(dim=(-2, -1), keepdim=True)
