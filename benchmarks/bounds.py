"""How many times fewer multiplications occlusion needs when only what a box reaches is computed again.

"each" follows every box through the network by itself, "groups" runs those together that reach alike, as we do.
Needs the `dev` extra.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import torchvision_shim  # noqa: F401

# isort: split
import torch
from torch import Tensor, nn
from torchvision import models

from seewhy.models.bundled import network as bundled
from seewhy.models.reach import reach
from seewhy.models.tape import Tape

Sides = tuple[int, ...]
PHOTO, SMALL, LARGE = (224, 224), (16, 112, 112), (32, 224, 224)
VIDEO = ("r3d_18", "r2plus1d_18", "mc3_18")
TUBES = ((16, 28, 28), (8, 28, 28), (4, 28, 28))


def cases() -> Iterator[tuple[str, nn.Module, Sides, Sides, Sides]]:
    """Name, network, size of the image or clip, box, and stride."""
    window, half = (32, 32), (16, 16)
    for name in ("resnet50", "vgg16"):
        yield name, getattr(models, name)(), PHOTO, window, half
    yield "efficientnet-lite0", bundled(), PHOTO, window, half
    yield "resnet50", models.resnet50(), (448, 448), window, half
    for name in VIDEO:
        for tube in TUBES:
            yield name, getattr(models.video, name)(), SMALL, tube, tuple(side // 2 for side in tube)
    for tube in TUBES[:2]:
        yield "r3d_18", models.video.r3d_18(), LARGE, tube, tube


def boxes(space: Sides, size: Sides, stride: Sides) -> Tensor:
    starts = [
        range(0, length - side + 1, step) if side < length else [0]
        for length, side, step in zip(space, size, stride, strict=True)
    ]
    first = torch.tensor(list(product(*starts)))
    return torch.stack([first, first + torch.tensor(size)], dim=1)


def main() -> None:
    torch.set_num_threads(1)
    print("| network | size | box / stride | boxes | each | groups |\n|---|---|---|---|---|---|")
    for name, network, space, size, stride in cases():
        with torch.no_grad():
            tape = Tape.of(network.eval(), torch.rand(1, 3, *space))
        where = boxes(space, size, stride)
        found = reach(tape, where)
        each = 1 / found.share(found.sides).mean()
        rows = [(len(group.rows), group.share) for group in found.groups(8 if space == PHOTO else 2)]
        together = len(where) / sum(count * share for count, share in rows)
        shapes = " | ".join(["×".join(map(str, space)), f"{'×'.join(map(str, size))} / {'×'.join(map(str, stride))}"])
        print(f"| {name} | {shapes} | {len(where)} | {each:.2f} | {together:.2f} |", flush=True)


if __name__ == "__main__":
    main()
