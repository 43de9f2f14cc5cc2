"""Networks for clips whose answer is known by hand: red that is seen or moves, frames in any order, a product."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from ..domain.shapes import Outputs, Variants
from .tiny_models import pictures, seeded

GAIN, THRESHOLD = 1000.0, 0.3
RED = (0.9, 0.1, 0.1)


class RedDetector(nn.Module):
    """Class 1: how much of the clip is red, wherever and whenever; class 0: half of what one patch of red gives.

    A voxel counts by how far its red exceeds its green by more than 0.3. `stride`: so many frames are averaged first,
    as a layer with this stride in time does.
    """

    def __init__(self, stride: int = 1) -> None:
        super().__init__()
        self.look = nn.Conv3d(3, 1, (stride, 1, 1), stride=(stride, 1, 1))
        with torch.no_grad():
            self.look.weight.copy_(torch.tensor([1.0, -1.0, 0.0]).reshape(1, 3, 1, 1, 1) / stride)
            self.look.bias.fill_(-THRESHOLD / stride)  # type: ignore[union-attr]
        self.seen = nn.ReLU()

    def forward(self, clips: Variants) -> Outputs:
        red = self.seen(self.look(clips)).flatten(1).mean(dim=1) * GAIN
        return torch.stack([torch.full_like(red, 2.0), red], dim=1)


class RedMotion(nn.Module):
    """Class 1: how much red appears or goes from a frame to the next; class 0: a constant. A still clip scores 0."""

    def __init__(self) -> None:
        super().__init__()
        self.look, self.seen = nn.Conv3d(3, 2, (2, 1, 1), bias=False), nn.ReLU()
        with torch.no_grad():
            change = torch.tensor([-1.0, 1.0])[None] * torch.tensor([1.0, -1.0, 0.0])[:, None]
            self.look.weight.copy_(torch.stack([change, -change])[..., None, None])

    def forward(self, clips: Variants) -> Outputs:
        moved = self.seen(self.look(clips) - THRESHOLD).flatten(1).mean(dim=1) * GAIN / 2
        return torch.stack([torch.full_like(moved, 3.0), moved], dim=1)


class AnyOrder(nn.Module):
    """Looks at each frame by itself and answers from the mean and its square: the order of frames cannot matter."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.look, self.seen = nn.Conv3d(3, width, (1, 3, 3), padding=(0, 1, 1)), nn.ReLU()
        self.head = nn.Linear(2 * width, 2)

    def forward(self, clips: Variants) -> Outputs:
        mean = self.seen(self.look(clips)).flatten(2).mean(dim=2)
        return self.head(torch.cat([mean, 4 * mean**2], dim=1)) * 4  # type: ignore[no-any-return]


def any_order() -> AnyOrder:
    """The network that does not know of time, from a seed."""
    return seeded(AnyOrder).eval()


class Product(nn.Module):
    """Class 1: what each frame is worth times what each cell is worth, both summed over all that is bright.

    Of a clip of 4 frames and 2 x 2 cells whose voxels are 0 or 1.
    """

    def __init__(self) -> None:
        super().__init__()
        self.frames = nn.Parameter(torch.tensor([0.5, -1.0, 2.0, 0.25]))
        self.cells = nn.Parameter(torch.tensor([[1.0, 0.5], [-0.5, 2.0]]))

    def forward(self, clips: Variants) -> Outputs:
        bright = functional.adaptive_avg_pool3d(clips, (4, 2, 2)).mean(dim=1)
        when = (bright.sum(dim=(2, 3)) * self.frames).sum(dim=1)
        where = (bright.sum(dim=1) * self.cells).sum(dim=(1, 2))
        return torch.stack([torch.zeros_like(when), when * where], dim=1)

    def shapley(self) -> Float[Tensor, "4 2 2"]:
        """The shares of all 16 parts of a bright clip against a dark one, in closed form.

        v(S) = Σ a(i) b(j) over all i, j in S, with a the worth of i's frame and b that of j's cell. A pair shares what
        both bring together: φ(i) = a(i) b(i) + ½ Σ over the others of (a(i) b(j) + a(j) b(i)).
        """
        a = self.frames.detach()[:, None, None].expand(4, 2, 2)
        b = self.cells.detach().expand(4, 2, 2)
        return (a * b.sum() + b * a.sum()) / 2


# -- clips for them


def red_patch(
    frame: int, cell: tuple[int, int] = (1, 0), *, frames: int = 8, side: int = 16
) -> Float[Tensor, "3 t h w"]:
    """A still, dull picture in which the middle of one quarter (row, column) is red for one frame."""
    clip = dull(frames, side)
    rows, columns = (slice(i * side // 2 + side // 8, (i + 1) * side // 2 - side // 8) for i in cell)
    clip[:, frame, rows, columns] = torch.tensor(RED)[:, None, None]
    return clip


def red_square(*, moving: bool, frames: int = 8, side: int = 16) -> Float[Tensor, "3 t h w"]:
    """A red square in front of a dull picture: it crosses the clip, or stands still."""
    clip, width = dull(frames, side), side // 4
    for frame in range(frames):
        at = (frame if moving else frames // 2) * (side - width) // (frames - 1)
        clip[:, frame, width : 2 * width, at : at + width] = torch.tensor(RED)[:, None, None]
    return clip


def dull(frames: int = 8, side: int = 16) -> Float[Tensor, "3 t h w"]:
    """A smooth picture without strong colours, the same in every frame."""
    return (0.4 + 0.2 * pictures(1, 3, side, side)[0])[:, None].repeat(1, frames, 1, 1)
