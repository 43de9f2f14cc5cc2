"""TokenTM, re-derived token by token from a forward pass that is written out here."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import seewhy

WIDTH, HEADS, TOKENS = 6, 2, 5
IMAGE = torch.rand(1, 4, 4, generator=torch.Generator().manual_seed(5))


class Block(nn.Module):
    """Attention and neurons, each normalised before, scaled behind and added."""

    def __init__(self, scales: bool) -> None:
        super().__init__()
        self.norm, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out, self.neurons = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.scale = nn.Parameter(torch.linspace(0.2, 1.5, WIDTH)) if scales else 1.0

    def forward(self, tokens: Tensor) -> Tensor:
        query, key, value = self.split(tokens)
        mixed = F.scaled_dot_product_attention(query, key, value)
        tokens = tokens + self.out(mixed.transpose(1, 2).flatten(2)) * self.scale
        return tokens + torch.tanh(self.neurons(self.norm2(tokens)))

    def split(self, tokens: Tensor) -> Tensor:
        return self.qkv(self.norm(tokens)).unflatten(2, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)


class Network(nn.Module):
    def __init__(self, scales: bool = False, reads: str = "class") -> None:
        super().__init__()
        torch.manual_seed(3)
        self.patches, self.start = nn.Conv2d(1, WIDTH, 2, stride=2), nn.Parameter(torch.randn(1, 1, WIDTH))
        self.places, self.reads = nn.Parameter(torch.randn(1, TOKENS, WIDTH)), reads
        self.blocks, self.head = nn.Sequential(*(Block(scales) for _ in range(3))), nn.Linear(WIDTH, 3)
        for block in self.blocks:
            block.qkv.weight.data *= 3

    def embedded(self, images: Tensor) -> Tensor:
        patches = self.patches(images).flatten(2).mT
        return torch.cat([self.start.expand(len(images), -1, -1), patches], dim=1) + self.places

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.blocks(self.embedded(images))
        return self.head(tokens[:, 0] if self.reads == "class" else tokens[:, 1:].mean(dim=1))


def by_hand(network: Network, target: int) -> np.ndarray:
    """The contribution map C (tokens x tokens)."""
    network = network.double()
    tokens = network.embedded(IMAGE[None].double()).detach()
    weights, sides = [], []
    for block in network.blocks:
        query, key, value = block.split(tokens)
        attention = (query @ key.mT / (WIDTH / HEADS) ** 0.5).softmax(-1)
        matrix = block.out.weight.unflatten(1, (HEADS, -1))  # (k, heads, d)
        sent = torch.einsum("bhfd,khd->bfk", value, matrix) * block.scale
        mixed = torch.einsum("bhtf,bhfd,khd->btk", attention, value, matrix) + block.out.bias
        between = tokens + mixed * block.scale
        added = torch.tanh(block.neurons(block.norm2(between)))
        sides.append([side[0].detach().numpy() for side in (tokens, sent, between, added)])
        weights.append(attention)
        tokens = between + added
    score = network.head(tokens[:, 0] if network.reads == "class" else tokens[:, 1:].mean(dim=1))[0, target]
    slopes = torch.autograd.grad(score, weights)
    found = np.diag([np.linalg.norm(token) for token in sides[0][0]])
    for attention, slope, (before, sent, between, added) in zip(weights, slopes, sides, strict=True):
        raising = np.maximum((attention * slope)[0].detach().numpy(), 0).mean(axis=0)
        found = found + raising @ np.diag(effect(before, sent)) @ found
        found = found + np.diag(effect(between, added)) @ found
    return found


def effect(before: np.ndarray, after: np.ndarray) -> list[float]:
    longer = [np.linalg.norm(b) / np.linalg.norm(a) for a, b in zip(before, after, strict=True)]
    alike = [math.exp(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) for a, b in zip(before, after, strict=True)]
    return [one * necc / (sum(alike) / len(alike)) for one, necc in zip(longer, alike, strict=True)]


def token_tm(network: Network, target: int) -> np.ndarray:
    return seewhy.explain(network.eval(), IMAGE, method="token-tm", target=target).values


@pytest.mark.parametrize("target", [0, 1, 2])
@pytest.mark.parametrize("scales", [False, True])
def test_token_tm_is_its_formula_token_by_token(target: int, scales: bool) -> None:
    expected = by_hand(Network(scales), target)[0, 1:]
    np.testing.assert_allclose(token_tm(Network(scales), target).ravel(), expected, rtol=1e-4)


def test_a_head_that_reads_the_mean_of_the_patches_gets_the_mean_of_their_rows() -> None:
    expected = by_hand(Network(reads="mean"), 1)[1:, 1:].mean(axis=0)
    np.testing.assert_allclose(token_tm(Network(reads="mean"), 1).ravel(), expected, rtol=1e-4)


def test_a_scale_behind_the_projection_is_the_same_as_one_within_it() -> None:
    apart, within = Network(scales=True), Network(scales=True)
    with torch.no_grad():
        for block in within.blocks:
            block.out.weight.mul_(block.scale[:, None])
            block.out.bias.mul_(block.scale)
            block.scale.fill_(1.0)
    np.testing.assert_allclose(token_tm(apart, 1), token_tm(within, 1), rtol=1e-4)


def test_attention_that_moves_nothing_shows_nothing() -> None:
    network = Network()
    with torch.no_grad():
        for block in network.blocks:
            block.qkv.weight[2 * WIDTH :] = 0
            block.qkv.bias[2 * WIDTH :] = 0
    assert not token_tm(network, 1).any()
