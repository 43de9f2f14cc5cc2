"""Dense optical flow: where each pixel of one frame lies in another (Lucas & Kanade 1981, coarse to fine)."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

Pictures = Float[Tensor, "n c h w"]
Flow = Float[Tensor, "n 2 h w"]  # pixels down and to the right

COARSEST = 12  # pixels: no level has a shorter side
ROUNDS = 4  # at each level
REACH = 3  # of the window that is matched: its side is twice that and one
FIRM = 3e-3  # added to the matrix, so that flat places keep what the coarser level told them
STEP = 1.5  # pixels that one round may move: beyond it the linear model holds no longer
RETURNS = 1.0  # pixels: there and back again may miss by as much, and by a share of the way
PART = 0.1


def flow(one: Pictures, other: Pictures) -> Flow:
    """For each pixel of one frame how far away its content lies in the other."""
    pyramid = [(one, other)]
    while min(pyramid[-1][0].shape[-2:]) >= 2 * COARSEST:
        pyramid.append(tuple(functional.avg_pool2d(pictures, 2) for pictures in pyramid[-1]))  # type: ignore[arg-type]
    found = one.new_zeros(len(one), 2, *pyramid[-1][0].shape[-2:])
    for start, end in reversed(pyramid):
        found = _resized(found, start.shape[-2:])
        found = _refined(start, end, found)
    return found


def warped(pictures: Pictures, by: Flow) -> Pictures:
    """What the pictures show at each place displaced by the flow; at the border the nearest pixel."""
    height, width = pictures.shape[-2:]
    y, x = places(pictures)
    rows = (2 * (y + by[:, 0]) + 1) / height - 1
    columns = (2 * (x + by[:, 1]) + 1) / width - 1
    where = torch.stack([columns, rows], dim=-1)
    found: Tensor = functional.grid_sample(pictures, where, padding_mode="border", align_corners=False)
    return found


def places(of: Float[Tensor, "*any h w"]) -> tuple[Float[Tensor, "h w"], Float[Tensor, "h w"]]:
    """The row and the column of each pixel."""
    sides = (torch.arange(size, device=of.device, dtype=of.dtype) for size in of.shape[-2:])
    y, x = torch.meshgrid(*sides, indexing="ij")
    return y, x


def followed(there: Flow, back: Flow) -> Bool[Tensor, "n h w"]:
    """Whether a pixel is found in the other frame: inside it, and leading back to where it came from."""
    height, width = there.shape[-2:]
    y, x = places(there)
    row, column = y + there[:, 0], x + there[:, 1]
    inside = (row > -0.5) & (row < height - 0.5) & (column > -0.5) & (column < width - 0.5)
    missed = (there + warped(back, there)).norm(dim=1)
    kept: Tensor = inside & (missed <= RETURNS + PART * there.norm(dim=1))
    return kept


def _refined(one: Pictures, other: Pictures, found: Flow) -> Flow:
    """Rounds of Gauss–Newton: the window around each pixel is matched as a whole, all channels at once."""
    down, right = _slopes(one)
    yy, yx, xx = (_around((a * b).sum(dim=1)) for a, b in ((down, down), (down, right), (right, right)))
    firm = FIRM + 1e-3 * (yy + xx)
    yy, xx = yy + firm, xx + firm
    scale = yy * xx - yx * yx
    for _ in range(ROUNDS):
        off = one - warped(other, found)
        y, x = (_around((slope * off).sum(dim=1)) for slope in (down, right))
        step = torch.stack([(xx * y - yx * x) / scale, (yy * x - yx * y) / scale], dim=1)
        found = _median(found + step.clamp(-STEP, STEP))
    return found


def _slopes(pictures: Pictures) -> tuple[Tensor, Tensor]:
    """How the pictures change from pixel to pixel, down and to the right."""
    padded = functional.pad(pictures, (1, 1, 1, 1), mode="replicate")
    return (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2, (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2


def _around(values: Float[Tensor, "n h w"]) -> Float[Tensor, "n h w"]:
    """The mean over the window around each pixel."""
    size = 2 * REACH + 1
    return functional.avg_pool2d(values[:, None], size, stride=1, padding=REACH, count_include_pad=False)[:, 0]


def _median(found: Flow) -> Flow:
    """Each pixel the median of itself and its four neighbours: stray vectors go, borders of motion stay."""
    padded = functional.pad(found, (1, 1, 1, 1), mode="replicate")
    five = [found, padded[..., 2:, 1:-1], padded[..., :-2, 1:-1], padded[..., 1:-1, 2:], padded[..., 1:-1, :-2]]
    return torch.stack(five).median(dim=0).values


def _resized(found: Flow, size: torch.Size) -> Float[Tensor, "n 2 rows columns"]:
    scale = found.new_tensor([new / old for new, old in zip(size, found.shape[-2:], strict=True)])
    larger = functional.interpolate(found, size=tuple(size), mode="bilinear", align_corners=False)
    return larger * scale.reshape(1, 2, 1, 1)
