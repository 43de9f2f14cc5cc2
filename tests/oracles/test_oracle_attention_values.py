"""Attention times value norm, re-derived token by token on attention that was made by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import seewhy

G = torch.Generator().manual_seed(5)
IMAGE = torch.rand(1, 4, 4, generator=G)
HEADS, TOKENS, WIDTH, HEAD = 2, 5, 6, 3
WEIGHTS = torch.softmax(torch.randn(HEADS, TOKENS, TOKENS, generator=G), dim=-1)


class Projected(nn.Module):
    """A class token, 2 x 2 patches, and one attention whose weights, values and projection are given."""

    def __init__(self, path: str = "fused", reads: str = "class", bias: float = 5.0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(6)
        self.patches = nn.Conv2d(1, WIDTH, 2, stride=2)
        self.block = Attending(path, generator, bias)
        self.reads, self.head = reads, nn.Parameter(torch.randn(3, WIDTH, generator=generator))
        nn.init.uniform_(self.patches.weight, 0.2, 1.0, generator=generator)
        nn.init.zeros_(self.patches.bias)

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.patches(images).flatten(2).mT
        tokens = self.block(torch.cat([torch.full_like(tokens[:, :1], 0.3), tokens], dim=1))
        return (tokens[:, 0] if self.reads == "class" else tokens[:, 1:].mean(1)) @ self.head.T


class Attending(nn.Module):
    def __init__(self, path: str, generator: torch.Generator, bias: float) -> None:
        super().__init__()
        self.path, self.scores = path, nn.Parameter(WEIGHTS.log() * TOKENS**0.5)
        self.key, self.value = nn.Parameter(torch.eye(TOKENS)), nn.Linear(WIDTH, HEADS * HEAD)
        self.out = nn.Linear(HEADS * HEAD, WIDTH)
        for parameter in (self.value.weight, self.value.bias, self.out.weight):
            nn.init.normal_(parameter, generator=generator)
        nn.init.constant_(self.out.bias, bias)

    def forward(self, tokens: Tensor) -> Tensor:
        values = self.value(tokens).unflatten(-1, (HEADS, HEAD)).transpose(1, 2)
        query, key = self.scores.expand(len(tokens), -1, -1, -1), self.key.expand(len(tokens), HEADS, -1, -1)
        if self.path == "fused":
            mixed = F.scaled_dot_product_attention(query, key, values)
        else:
            weights = F.dropout((query @ key.mT / TOKENS**0.5).softmax(-1), 0.1, training=self.training)
            mixed = torch.matmul(weights, values)
        return tokens + self.out(mixed.transpose(1, 2).flatten(2))


def lengths(network: Projected) -> np.ndarray:
    """How long the vector is that each token (columns) sends to each (rows), in loops over tokens and heads."""
    block = network.block
    patches = network.patches(IMAGE[None]).detach().flatten(2).mT[0].double().numpy()
    tokens = np.concatenate([np.full((1, WIDTH), 0.3), patches])
    value, shift, out = (t.detach().double().numpy() for t in (block.value.weight, block.value.bias, block.out.weight))
    found = np.zeros((TOKENS, TOKENS))
    for to, start in np.ndindex(TOKENS, TOKENS):
        sent = np.zeros(WIDTH)
        for head in range(HEADS):
            part = slice(head * HEAD, (head + 1) * HEAD)
            moved = value[part] @ tokens[start] + shift[part]
            sent += float(WEIGHTS[head, to, start]) * out[:, part] @ moved
        found[to, start] = np.linalg.norm(sent)
    return found


@pytest.mark.parametrize("path", ["fused", "written out"])
def test_the_norm_of_what_the_heads_send_together_is_read_at_the_class_token(path: str) -> None:
    network = Projected(path)
    found = seewhy.explain(network, IMAGE, method="attention-x-value-norm").values.ravel()
    np.testing.assert_allclose(found, lengths(network)[0, 1:], rtol=1e-5)


def test_a_head_that_reads_the_mean_of_the_patches_gets_the_mean_of_their_rows() -> None:
    network = Projected(reads="mean")
    found = seewhy.explain(network, IMAGE, method="attention-x-value-norm").values.ravel()
    np.testing.assert_allclose(found, lengths(network)[1:, 1:].mean(0), rtol=1e-5)


def test_a_heavy_weight_on_a_vector_of_no_length_counts_for_nothing() -> None:
    """The attention sink of the paper: the token with the most weight sends next to nothing."""
    network, sink = Projected(), int(WEIGHTS.mean(0)[0, 1:].argmax())
    tokens = network.patches(IMAGE[None]).detach().flatten(2).mT[0]
    with torch.no_grad():
        network.block.value.bias.copy_(-(network.block.value.weight @ tokens[sink]))
    found, raw = (
        seewhy.explain(network, IMAGE, method=m).values.ravel() for m in ("attention-x-value-norm", "raw-attention")
    )
    assert raw.argmax() == sink
    assert found[sink] < 1e-5 < np.delete(found, sink).min()


def test_norms_of_the_heads_are_not_added_one_by_one() -> None:
    network = Projected()
    with torch.no_grad():  # two heads alike, whose projections undo each other
        network.block.scores.copy_(network.block.scores[:1].expand(2, -1, -1))
        for parameter in (network.block.value.weight, network.block.value.bias):
            parameter[HEAD:] = parameter[:HEAD]
        network.block.out.weight[:, HEAD:] = -network.block.out.weight[:, :HEAD]
    found = seewhy.explain(network, IMAGE, method="attention-x-value-norm").values
    assert np.abs(found).max() < 1e-6
