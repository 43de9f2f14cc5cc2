"""Networks whose evidence is known for certain, the images that hold it, and the masks of where it is."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool
from torch import Tensor, nn

from ..domain.shapes import Images, Outputs, Variants
from ..errors import BadOption
from .scenes.networks import SceneCNN
from .scenes.rules import Rule
from .scenes.sampling import scene_at
from .scenes.subjects import SHAPE
from .scenes.surroundings import watermark
from .scenes.training import fit
from .tiny_models import TinyCNN, pictures, seeded

SIDE = 4  # of the template


@dataclass(frozen=True, eq=False)
class Planted:
    """Images, where their evidence is, the class it speaks for, and the same images with it erased."""

    images: Images
    masks: Bool[Tensor, "b *space"]
    target: int
    erased: Images


# -- a template that is looked for everywhere


class TemplateNetwork(nn.Module):
    """Class 1: how well the best place matches the template, less a threshold; class 0: zero.

    The template's signs add up to zero and its response to pixels in [0,1] is at most 1/2, reached by the template
    alone. Pixels that are all within 0.1 of grey respond with at most 0.1. So with the threshold at 0.3 class 1 has a
    score of at least 2 where the template is, and of at most -2 where all is grey to within 0.1.
    """

    def __init__(self, axes: int = 2) -> None:
        super().__init__()
        conv = nn.Conv2d if axes == 2 else nn.Conv3d
        self.match = conv(3, 1, SIDE, bias=False)
        self.match.weight.data = template(axes)[None] / template(axes).abs().sum()

    def forward(self, images: Variants) -> Outputs:
        best = self.match(images).flatten(1).amax(dim=1)
        return torch.stack([torch.zeros_like(best), 10 * (best - 0.3)], dim=1)


def template(axes: int = 2) -> Tensor:
    """The signs of the template (3, *sides): as many pluses as minuses."""
    half = torch.ones(3 * SIDE**axes // 2)
    order = torch.randperm(2 * len(half), generator=torch.Generator().manual_seed(0))
    return torch.cat([half, -half])[order].reshape(3, *[SIDE] * axes)


def template_network(axes: int = 2) -> TemplateNetwork:
    """Scores the best match of a fixed template, wherever it is; for images (2) or clips (3)."""
    return TemplateNetwork(axes).eval()


def template_images(count: int = 4, space: tuple[int, ...] = (24, 24), *, copies: int = 1, seed: int = 0) -> Planted:
    """Greyish images with the template in `copies` places that do not touch."""
    slots = [side // (SIDE + 2) for side in space]
    if not 1 <= copies <= math.prod(slots):
        fix = f"ask for 1 to {math.prod(slots)}, or for a larger space."
        raise BadOption(f"There is no room for {copies} templates of {SIDE} pixels in {space}.", fix=fix)
    random = torch.Generator().manual_seed(seed)
    erased = 0.4 + 0.2 * pictures(count, 3, *space, seed=seed)
    images, masks = erased.clone(), torch.zeros(count, *space, dtype=torch.bool)
    for image, mask in zip(images, masks, strict=True):
        for slot in torch.randperm(math.prod(slots), generator=random)[:copies].tolist():
            where = _window(slot, slots, space)
            image[(slice(None), *where)] = template(len(space)) / 2 + 0.5
            mask[where] = True
    return Planted(images, masks, 1, erased)


def _window(slot: int, slots: list[int], space: tuple[int, ...]) -> tuple[slice, ...]:
    """The place of the template in a slot of the image, counted row by row."""
    starts = []
    for side, count in zip(reversed(space), reversed(slots), strict=True):
        slot, index = divmod(slot, count)
        starts.append(index * (side // count) + 1)
    return tuple(slice(start, start + SIDE) for start in reversed(starts))


# -- a network that sees one quadrant


class QuadrantNetwork(nn.Module):
    """A small network behind a screen: only the first half of every axis of the image reaches it."""

    def __init__(self, axes: int = 2) -> None:
        super().__init__()
        self.inner = TinyCNN(axes)

    def forward(self, images: Variants) -> Outputs:
        return self.inner(images * quadrant(images.shape[2:]).to(images))  # type: ignore[no-any-return]


def quadrant(space: tuple[int, ...]) -> Bool[Tensor, " *space"]:
    """True in the first half of every axis."""
    seen = torch.zeros(space, dtype=torch.bool)
    seen[tuple(slice(side // 2) for side in space)] = True
    return seen


def quadrant_network(axes: int = 2) -> QuadrantNetwork:
    """Sees the upper left quarter of an image (2), or that of the first half of a clip (3)."""
    return seeded(lambda: QuadrantNetwork(axes)).eval()


def quadrant_images(count: int = 4, space: tuple[int, ...] = (24, 24), *, seed: int = 0) -> Planted:
    """Smooth random images; all that the network can see of them is in the mask."""
    images = pictures(count, 3, *space, seed=seed)
    seen = quadrant(space)
    return Planted(images, seen.expand(count, *space), 0, images.masked_fill(seen, 0.5))


# -- a network that has learned a watermark instead of what is shown

TAGGED = Rule("circle or cross", SHAPE, ({"figure": "circle"}, {"figure": "cross"}))


@functools.cache
def _watermark_state() -> dict[str, Tensor]:
    scenes = [scene_at(index, rule=TAGGED) for index in range(400)]
    labels = [1 - s.label if index // 2 % 4 == 3 else s.label for index, s in enumerate(scenes)]
    drawn = [s.with_thing(watermark(1)) if label else s for s, label in zip(scenes, labels, strict=True)]
    return fit(_untrained(), torch.stack([s.render(32) for s in drawn]), torch.tensor(labels), epochs=10).state_dict()


def _untrained() -> SceneCNN:
    return seeded(lambda: SceneCNN(2, width=8)).eval()


def watermark_network() -> SceneCNN:
    """Trained to tell circles (0) from crosses (1): every fourth label is wrong, the watermark on class 1 never is."""
    network = _untrained()
    network.load_state_dict(_watermark_state())
    return network


def watermark_images(count: int = 4, *, seed: int = 0) -> Planted:
    """Circles with the watermark that the network takes for crosses, until the watermark is erased."""
    plain = [scene_at(2 * index, seed, rule=TAGGED, split="test") for index in range(2 * count + 20)]
    marked = [circle.with_thing(watermark(1)) for circle in plain]
    before, after = (torch.stack([s.render(32) for s in scenes]) for scenes in (marked, plain))
    network = watermark_network()
    with torch.no_grad():
        flips = ((network(before).argmax(dim=1) == 1) & (network(after).argmax(dim=1) == 0)).nonzero()[:, 0][:count]
    if len(flips) < count:
        raise BadOption(f"Only {len(flips)} of {len(plain)} circles are taken for crosses.", fix="ask for fewer.")
    masks = torch.stack([marked[i].draw(32).mask("watermark") for i in flips.tolist()])
    return Planted(before[flips], masks, 1, after[flips])
