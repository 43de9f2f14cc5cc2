"""Small networks of every kind, built without touching anyone's random numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from ..domain.shapes import Outputs, Variants

CLASSES = 4
T = TypeVar("T")


def seeded(build: Callable[[], T], seed: int = 0) -> T:
    """What `build` makes from this seed; the global random state is left alone.

    A network that was built under a global seed makes a method that draws from the global stream look reproducible.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def pictures(*shape: int, seed: int = 0) -> Variants:
    """Smooth random images in [0,1] of a shape (b, c, *space)."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(*shape[:2], *[max(1, side // 4) for side in shape[2:]], generator=generator)
    mode = "bilinear" if len(shape) == 4 else "trilinear"
    return functional.interpolate(coarse, size=shape[2:], mode=mode, align_corners=False)


class TinyCNN(nn.Module):
    """Convolution, batch norm, in-place ReLU, twice; then mean and linear head. `axes` is 2 for images, 3 for clips."""

    def __init__(self, axes: int = 2, width: int = 6) -> None:
        super().__init__()
        conv, norm = (nn.Conv2d, nn.BatchNorm2d) if axes == 2 else (nn.Conv3d, nn.BatchNorm3d)
        self.first, self.norm = conv(3, width, 3, stride=2, padding=1), norm(width)
        self.second, self.norm2 = conv(width, width, 3, padding=1), norm(width)
        self.act, self.head = nn.ReLU(inplace=True), nn.Linear(width, CLASSES)
        for part in (self.norm, self.norm2):
            assert part.running_var is not None
            part.running_var.fill_(0.03)  # an untrained network would hardly react to its input

    def forward(self, images: Variants) -> Outputs:
        maps = self.act(self.norm(self.first(images)))
        maps = self.act(self.norm2(self.second(maps)))
        return self.head(maps.flatten(2).mean(dim=2)) * 4  # type: ignore[no-any-return]


class TinyPooled(TinyCNN):
    """The same, but its last ReLU runs once: a layer behind which only the mean is read, by the linear head."""

    def forward(self, images: Variants) -> Outputs:
        maps = functional.relu_(self.norm(self.first(images)))
        maps = self.act(self.norm2(self.second(maps)))
        return self.head(maps.flatten(2).mean(dim=2)) * 4  # type: ignore[no-any-return]


class TinyViT(nn.Module):
    """Patches or tubelets, a class token, fused attention in two blocks; the head reads the class token."""

    def __init__(self, space: tuple[int, ...] = (24, 24), patch: int = 4, width: int = 16) -> None:
        super().__init__()
        conv = nn.Conv2d if len(space) == 2 else nn.Conv3d
        self.embed = conv(3, width, patch, stride=patch)
        count = int(torch.tensor([side // patch for side in space]).prod())
        self.token = nn.Parameter(torch.randn(1, 1, width))
        self.places = nn.Parameter(torch.randn(1, count + 1, width) * 0.5)
        self.blocks = nn.Sequential(Block(width), Block(width))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, CLASSES)

    def forward(self, images: Variants) -> Outputs:
        patches = self.embed(images).flatten(2).transpose(1, 2) * 4
        tokens = torch.cat([self.token.expand(len(images), -1, -1), patches], dim=1) + self.places
        return self.head(self.norm(self.blocks(tokens))[:, 0]) * 4  # type: ignore[no-any-return]


class Block(nn.Module):
    """One pre-norm transformer block of two heads."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.qkv, self.out = nn.LayerNorm(width), nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.norm2, self.mlp = nn.LayerNorm(width), nn.Sequential(nn.Linear(width, width), nn.GELU())

    def forward(self, tokens: Float[Tensor, "n tokens k"]) -> Float[Tensor, "n tokens k"]:
        query, key, value = self.qkv(self.norm(tokens)).unflatten(2, (3, 2, -1)).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query * 2, key, value)
        tokens = tokens + self.out(mixed.transpose(1, 2).flatten(2)) * 2
        return tokens + self.mlp(self.norm2(tokens))  # type: ignore[no-any-return]


def tiny_cnn(axes: int = 2) -> TinyCNN:
    """The convolutional network for images (2) or clips (3)."""
    return seeded(lambda: TinyCNN(axes)).eval()


def tiny_pooled(axes: int = 2) -> TinyPooled:
    """The convolutional network whose last map is only pooled and weighed."""
    return seeded(lambda: TinyPooled(axes)).eval()


def tiny_vit(space: tuple[int, ...] = (24, 24)) -> TinyViT:
    """The transformer for images or clips of a size."""
    return seeded(lambda: TinyViT(space)).eval()


def plain_function(images: Variants) -> Outputs:
    """A function that answers class scores: mean colour, contrast, and a product of two corners."""
    flat = images.flatten(2)
    product = flat[:, 0, : flat.shape[2] // 3].mean(dim=1) * flat[:, 1, -flat.shape[2] // 3 :].mean(dim=1)
    return torch.stack([flat.mean(dim=(1, 2)), flat.std(dim=(1, 2)), product, flat[:, 2].amax(dim=1)], dim=1) * 10
