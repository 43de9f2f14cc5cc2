"""Networks whose right explanation is known without running any method."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Formula(nn.Module):
    """A network that is a formula: its second answer is the negative of the first."""

    def __init__(self, formula: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.formula = formula

    def forward(self, images: Tensor) -> Tensor:
        score = self.formula(images)
        return torch.stack([score, -score], dim=1)


def of_pixels(formula: Callable[..., Tensor]) -> Formula:
    """A formula of the first six pixels of a one-channel image."""
    return Formula(lambda images: formula(*images.flatten(1)[:, :6].T))


def weighted(weights: Tensor) -> Formula:
    """The sum of weight times pixel."""
    return Formula(lambda images: (weights * images).flatten(1).sum(dim=1))


class TwoLayers(nn.Module):
    """Reads the first and the last pixel of each 2 x 2 block, then weighs every place of the two maps."""

    def __init__(self, second: Tensor) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 2, 2, stride=2, bias=False)
        self.second = nn.Conv2d(2, 2, 2, bias=False)
        with torch.no_grad():
            self.first.weight.zero_()
            self.first.weight[0, 0, 0, 0] = self.first.weight[1, 0, 1, 1] = 1.0
            self.second.weight.copy_(torch.stack([second, -second]))

    def forward(self, images: Tensor) -> Tensor:
        return self.second(self.first(images)).flatten(1)


class SeesOneQuadrant(nn.Module):
    """A small CNN whose head only reads the upper left quarter of a 32 x 32 image."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.features = nn.Sequential(nn.Conv2d(3, 8, 4, stride=4), nn.ReLU(), nn.Conv2d(8, 8, 1), nn.ReLU())
        self.head = nn.Linear(8 * 4 * 4, 3)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.features(images)[:, :, :4, :4].flatten(1))


TEMPLATE = torch.tensor([[0, 0, 1, 0, 0], [0, 0, 1, 0, 0], [1, 1, 1, 1, 1], [0, 0, 1, 0, 0], [0, 0, 1, 0, 0.0]])


class TemplateDetector(nn.Module):
    """Finds a 5 x 5 cross: its response is well above zero only where nearly all of the cross is there."""

    def __init__(self, pool: str = "max") -> None:
        super().__init__()
        self.match = nn.Conv2d(1, 1, 5, padding=2)
        self.pool = pool
        with torch.no_grad():
            self.match.weight.copy_(2 * TEMPLATE - 1)
            self.match.bias.fill_(-0.6 * float(TEMPLATE.sum()))

    def forward(self, images: Tensor) -> Tensor:
        # a little leak, for a layer behind which noise never passes counts as one that the answer ignores
        response = F.leaky_relu(self.match(images), 1e-3).flatten(1)
        score = response.amax(dim=1) if self.pool == "max" else response.sum(dim=1)
        return torch.stack([score, -score], dim=1)


def with_crosses(*centres: tuple[int, int], side: int = 32) -> Tensor:
    """A black image with crosses centred at these places."""
    image = torch.zeros(1, side, side)
    for y, x in centres:
        image[0, y - 2 : y + 3, x - 2 : x + 3] = TEMPLATE
    return image


class HandMadeAttention(nn.Module):
    """A transformer whose attention is what it was given, whatever the image: (heads, to, from) per block."""

    def __init__(self, blocks: list[Tensor], values: list[Tensor], head: Tensor) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, values[0].shape[-1], 2, stride=2, bias=False)
        nn.init.uniform_(self.patches.weight, 0.2, 1.0, generator=torch.Generator().manual_seed(0))
        self.start = nn.Parameter(torch.full((1, 1, values[0].shape[-1]), 0.3))
        self.blocks = nn.Sequential(*[GivenAttention(a, v) for a, v in zip(blocks, values, strict=True)])
        self.head = nn.Parameter(head)

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.patches(images).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.start.expand(len(images), -1, -1), tokens], dim=1)
        return self.blocks(tokens)[:, 0] @ self.head.T


class GivenAttention(nn.Module):
    """x + sum over heads of A V_h x, through the fused kernel: the queries are log A, the keys the identity."""

    def __init__(self, weights: Tensor, values: Tensor) -> None:
        super().__init__()
        tokens = weights.shape[-1]
        self.query = nn.Parameter(weights.log() * tokens**0.5)  # the kernel divides by the root of the width
        self.key = nn.Parameter(torch.eye(tokens))
        self.values = nn.Parameter(values)  # (heads, k, k)

    def forward(self, tokens: Tensor) -> Tensor:
        rows = torch.einsum("nfk,hkm->nhfm", tokens, self.values)
        query = self.query.expand(len(tokens), *self.query.shape)
        key = self.key.expand(len(tokens), len(self.query), *self.key.shape)
        return tokens + F.scaled_dot_product_attention(query, key, rows).sum(dim=1)
