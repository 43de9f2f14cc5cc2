"""Networks made by hand, so small that the right map of each can be proved."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from ..domain.shapes import Outputs, Variants
from ..testing.tiny_models import Block, TinyViT

Places = Float[Tensor, "n p"]


class PlaceColours(nn.Module):
    """The mean colour of each place, in reading order (of each frame in turn)."""

    def forward(self, images: Variants) -> Places:
        return images.flatten(2).mean(dim=1)


def bright(*shape: int, seed: int = 0) -> Variants:
    """Random images of which no value is near black."""
    return 0.2 + 0.8 * torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


class Formula(nn.Module):
    """Scores that are formulas of the places' mean colours."""

    def __init__(self, *formulas: Callable[[Places], Tensor]) -> None:
        super().__init__()
        self.places, self.formulas = PlaceColours(), formulas

    def forward(self, images: Variants) -> Outputs:
        places = self.places(images)
        return torch.stack([formula(places) for formula in self.formulas], dim=1)


class Weighted(nn.Module):
    """Score of class 0: the values of all channels, to a power, times weights."""

    def __init__(self, weights: Float[Tensor, "c *space"], power: int = 1) -> None:
        super().__init__()
        self.register_buffer("weights", weights)
        self.weights: Tensor
        self.power = power

    def forward(self, images: Variants) -> Outputs:
        score = (images**self.power * self.weights).flatten(1).sum(dim=1)
        return torch.stack([score, -score], dim=1)


def saturated(first: int, second: int, places: int) -> nn.Module:
    """1 - relu(1 - 5 (p + q)): either of two places suffices. Layers are modules, for peers that hook them."""
    # the rows must not sum to one, or they would be read as probabilities
    rise, score = nn.Linear(places, 1), nn.Linear(1, 2)
    with torch.no_grad():
        rise.weight.zero_()[0, [first, second]] = -5.0
        rise.bias.fill_(1.0)
        score.weight.copy_(torch.tensor([[-1.0], [2.0]]))
        score.bias.copy_(torch.tensor([1.0, 0.5]))
    return nn.Sequential(PlaceColours(), rise, nn.ReLU(), score).eval().requires_grad_(False)


class Table(nn.Module):
    """Any game as a network: its multilinear extension, whose integral on the diagonal is the Shapley value."""

    def __init__(self, table: Float[Tensor, "coalitions"]) -> None:
        super().__init__()
        self.register_buffer("table", table)
        self.table: Tensor
        self.places = PlaceColours()

    def forward(self, images: Variants) -> Outputs:
        places = self.places(images)
        score = self.table.to(places).expand(len(places), -1)
        for place in range(places.shape[1]):  # the first place is the highest bit of a row's number
            absent, present = score.chunk(2, dim=1)
            share = places[:, place : place + 1]
            score = absent * (1 - share) + present * share
        return torch.cat([score, -score], dim=1)


class Quadrants(nn.Module):
    """Two convolutions over the whole image; the score of class k reads what lies within quadrant k alone."""

    def __init__(self, side: int, width: int = 4) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
        self.act, self.act2 = nn.ReLU(), nn.ReLU()
        # two convolutions see two pixels further: what is read keeps that far from the inner borders
        inner = slice(0, side // 2 - 2), slice(side // 2 + 2, side)
        read = torch.zeros(4, side, side)
        for k in range(4):
            read[k, inner[k // 2], inner[k % 2]] = 1
        self.register_buffer("read", read)
        self.read: Tensor

    def forward(self, images: Variants) -> Outputs:
        maps = self.act2(self.second(self.act(self.first(images))))
        return torch.einsum("nkyx,qyx->nq", maps, self.read)


class Detector(nn.Module):
    """Answers of detectors for small patterns, summed or the strongest; class k has the pattern k and its weight."""

    def __init__(self, patterns: Float[Tensor, "k side side"], weights: tuple[float, ...], *, strongest: bool) -> None:
        super().__init__()
        centred = patterns - patterns.mean(dim=(1, 2), keepdim=True)
        self.find = nn.Conv2d(3, len(patterns), patterns.shape[-1], padding=patterns.shape[-1] // 2)
        self.act, self.head = nn.ReLU(), nn.Linear(len(patterns), 2, bias=False)
        with torch.no_grad():
            self.find.weight.copy_(centred[:, None].expand_as(self.find.weight) / 3)
            assert self.find.bias is not None
            self.find.bias.copy_(-0.8 * (centred * patterns).sum(dim=(1, 2)))
            self.head.weight.copy_(torch.tensor([weights, [-w for w in weights]]))
        self.strongest = strongest

    def forward(self, images: Variants) -> Outputs:
        found = self.act(self.find(images)).flatten(2)
        return self.head(found.amax(dim=2) if self.strongest else found.sum(dim=2))  # type: ignore[no-any-return]


class Circular(nn.Module):
    """A convolution around the borders with a kernel that is its own mirror image, and a sum over all places."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.conv, self.act = nn.Conv2d(3, width, 3, padding=1, padding_mode="circular"), nn.ReLU()
        with torch.no_grad():
            self.conv.weight.add_(self.conv.weight.flip(3).clone()).mul_(3)

    def forward(self, images: Variants) -> Outputs:
        found = self.act(self.conv(images)).flatten(2).sum(dim=2)
        return torch.stack([found.sum(dim=1), found[:, 0]], dim=1)


class Rounded(nn.Module):
    """A network that computes in bfloat16."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = copy.deepcopy(inner).bfloat16()

    def forward(self, images: Variants) -> Outputs:
        return self.inner(images.bfloat16()).float()  # type: ignore[no-any-return]


class HalfMasked(TinyViT):
    """A transformer without positions in which nobody looks at the patches of the second half of an axis."""

    def __init__(self, space: tuple[int, ...] = (24, 24), axis: int = -1) -> None:
        super().__init__(space)
        grid = [side // 4 for side in space]
        first = torch.arange(grid[axis]) < grid[axis] // 2
        patches = torch.ones(grid, dtype=torch.bool).transpose(axis, -1).logical_and(first).transpose(axis, -1)
        seen = torch.cat([torch.ones(1, dtype=torch.bool), patches.flatten()])
        self.blocks = nn.Sequential(MaskedBlock(16, seen), MaskedBlock(16, seen))
        self.places.data.zero_()


class MaskedBlock(Block):
    """A transformer block that looks at some tokens only."""

    def __init__(self, width: int, seen: Tensor) -> None:
        super().__init__(width)
        self.register_buffer("seen", seen)
        self.seen: Tensor

    def forward(self, tokens: Float[Tensor, "n tokens k"]) -> Float[Tensor, "n tokens k"]:
        query, key, value = self.qkv(self.norm(tokens)).unflatten(2, (3, 2, -1)).permute(2, 0, 3, 1, 4)
        mask = self.seen.expand(tokens.shape[1], -1)
        mixed = functional.scaled_dot_product_attention(query * 2, key, value, attn_mask=mask)
        tokens = tokens + self.out(mixed.transpose(1, 2).flatten(2)) * 2
        return tokens + self.mlp(self.norm2(tokens))  # type: ignore[no-any-return]
