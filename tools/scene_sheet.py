"""The picture of docs/guide/scenes.md: birds of every class, one bird with one thing less at a time, shapes, masks."""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import pad

from seewhy.testing.scenes import dataset
from seewhy.testing.scenes.scene import Scene

SHEET = Path(__file__).parents[1] / "docs" / "guide" / "images" / "scenes.png"
SIDE, COLUMNS = 92, 8


def rows() -> list[Tensor]:
    """Eight birds, one of them without each of its things, the share of each thing, eight shapes."""
    birds, shapes = dataset(8, seed=2), dataset(8, seed=1, rule="figures")
    scene = birds.scenes[2]
    return [
        *(bird.render(SIDE) for bird in birds.scenes),
        *(scene.without(name).render(SIDE) for name in _shown(scene)),
        *_masks(scene),
        *(shape.render(SIDE) for shape in shapes.scenes),
    ]


def _shown(scene: Scene) -> tuple[str, ...]:
    return scene.names[-COLUMNS:]


def _masks(scene: Scene) -> list[Tensor]:
    drawn = scene.draw(SIDE)
    shares = (drawn.shares[drawn.names.index(name)] for name in _shown(scene))
    return [0.12 * (1 - share) + drawn.image * share for share in shares]


def main() -> None:
    framed = [pad(picture, (2, 2, 2, 2), value=1.0) for picture in rows()]
    lines = [torch.cat(framed[start : start + COLUMNS], dim=2) for start in range(0, len(framed), COLUMNS)]
    pixels = (torch.cat(lines, dim=1).permute(1, 2, 0) * 255).round().byte().numpy()
    SHEET.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(SHEET, optimize=True)


if __name__ == "__main__":
    main()
