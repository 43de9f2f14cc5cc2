"""Every attention method on every kind of head, from attention that timm computes in the open and its hooks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import seewhy
from models.image_networks import FAMILIES, build, pictures
from seewhy.inputs.preprocess import Preprocess
from seewhy.registry import load_all
from seewhy.testing import oracles

nx = pytest.importorskip("networkx")
TARGET = 1
EXTRA = {  # tokens before the image's, and those that the head reads; nothing: the mean of the patches
    "timm ViT": (1, (0,)),
    "timm DeiT distilled": (2, (0, 1)),
    "timm register ViT": (5, (0,)),
    "timm mean-pool ViT": (1, ()),
    "timm attention-pool ViT": (0, ()),
}


@dataclass
class Opened:
    """What a network computes for one image: attention, values and tokens of each block, and of the pooling head."""

    network: nn.Module
    weights: list[Tensor]  # (heads, to, from), in the graph of the score
    sent: list[np.ndarray]  # (heads, from, k): projected values
    states: list[Tensor]
    score: Tensor
    pool: Tensor | None = None
    pool_sent: np.ndarray | None = None


@cache
def opened(family: str) -> Opened:
    network = build(family).eval()
    for block in network.blocks:
        block.attn.fused_attn = False
    weights, values, states, rows = [], [], [], []
    keep = [b.attn.attn_drop.register_forward_hook(lambda _m, _i, out: weights.append(out)) for b in network.blocks]
    keep += [b.attn.qkv.register_forward_hook(lambda _m, _i, out: values.append(out)) for b in network.blocks]
    keep += [b.register_forward_hook(lambda _m, _i, out: states.append(out)) for b in network.blocks]
    keep.append(network.norm.register_forward_hook(lambda _m, _i, out: rows.append(out)))
    tokens = network.forward_features(pictures(family)[:1])
    for hook in keep:
        hook.remove()
    pooled = None if getattr(network, "attn_pool", None) is None else pooling(network, tokens)
    score = network.forward_head(tokens)[0, TARGET] if pooled is None else pooled[0]
    sent = [by_head(v, w.shape[1], b.attn.proj) for v, w, b in zip(values, weights, network.blocks, strict=True)]
    return Opened(network, weights, sent, states, score, *(() if pooled is None else pooled[1:]))


def by_head(qkv: Tensor, heads: int, projection: nn.Linear) -> np.ndarray:
    value = qkv[0].chunk(qkv.shape[-1] // projection.in_features, dim=-1)[-1].detach().double().numpy()
    matrix, size = projection.weight.detach().double().numpy(), projection.in_features // heads
    parts = [slice(h * size, (h + 1) * size) for h in range(heads)]
    return np.stack([value[:, part] @ matrix[:, part].T for part in parts])


def pooling(network: nn.Module, tokens: Tensor) -> tuple[Tensor, Tensor, np.ndarray]:
    """Score, attention and projected values of timm's pooling head, written out."""
    pool = network.attn_pool
    heads, count, width = pool.num_heads, tokens.shape[1], pool.latent.shape[-1]
    query = pool.q_norm(pool.q(pool.latent).view(1, -1, heads, width // heads).transpose(1, 2))
    both = pool.kv(tokens)
    key, value = both.view(1, count, 2, heads, -1).permute(2, 0, 3, 1, 4)
    weights = (query @ pool.k_norm(key).mT * pool.scale).softmax(-1)
    if not weights.requires_grad:
        weights.requires_grad_()
    answer = pool.proj((weights @ value).transpose(1, 2).flatten(2))
    answer = (answer + pool.mlp(pool.norm(answer)))[:, 0]
    return network.head(network.fc_norm(answer))[0, TARGET], weights, by_head(both, heads, pool.proj)


def read(rows: np.ndarray, family: str) -> np.ndarray:
    """The rows of the tokens that the head reads, and of them the image's columns."""
    before, reads = EXTRA[family]
    if len(rows) < rows.shape[1]:
        return rows.mean(0)  # the queries of a pooling head
    return (rows[list(reads)] if reads else rows[before:]).mean(0)[before:]


def array(tensor: Tensor) -> np.ndarray:
    return tensor[0].detach().double().numpy()


def blocks(net: Opened) -> list[np.ndarray]:
    return [array(w) for w in net.weights]


def raw_attention(net: Opened) -> np.ndarray:
    return array(net.weights[-1] if net.pool is None else net.pool).mean(0)


def attention_rollout(net: Opened) -> np.ndarray:
    rolled = oracles.rollout(blocks(net))
    return rolled if net.pool is None else array(net.pool).mean(0) @ rolled


def gradient_attention(net: Opened) -> np.ndarray:
    every = [*net.weights, *([] if net.pool is None else [net.pool])]
    slopes = [array(s) for s in torch.autograd.grad(net.score, every, retain_graph=True)]
    relevance = oracles.gradient_relevance(blocks(net), slopes[: len(net.weights)])
    if net.pool is None:
        return relevance
    return np.maximum(array(net.pool) * slopes[-1], 0).mean(0) @ relevance


def attention_x_value_norm(net: Opened) -> np.ndarray:
    weights = array(net.weights[-1] if net.pool is None else net.pool)
    sent = net.sent[-1] if net.pool is None else net.pool_sent
    found = np.zeros(weights.shape[1:])
    for to, start in np.ndindex(*found.shape):
        found[to, start] = np.linalg.norm(sum(weights[h, to, start] * sent[h, start] for h in range(len(weights))))
    return found


ORACLES = {
    "raw-attention": raw_attention,
    "attention-rollout": attention_rollout,
    "gradient-attention": gradient_attention,
    "attention-x-value-norm": attention_x_value_norm,
}


def attention_flow(net: Opened, family: str) -> np.ndarray:
    """Maximum flows by NetworkX, in floating point, from a source that the head's share of each token leaves."""
    graph, tokens, top = nx.DiGraph(), net.weights[0].shape[-1], len(net.weights)
    for level, block in enumerate(blocks(net)):
        mixed = (block.mean(0) + np.eye(tokens)) / 2
        for to, start in np.ndindex(tokens, tokens):
            graph.add_edge((level + 1, to), (level, start), capacity=mixed[to, start])
    before, reads = EXTRA[family]
    share = np.zeros(tokens)
    share[list(reads) or slice(before, None)] = 1 / (len(reads) or tokens - before)
    if net.pool is not None:
        share = array(net.pool).mean((0, 1))
    for token in range(tokens):
        graph.add_edge("source", (top, token), capacity=share[token])
    return np.array([nx.maximum_flow_value(graph, "source", (0, t)) for t in range(before, tokens)])


def legrad(net: Opened, family: str) -> np.ndarray:
    """The head over each block's tokens: over their mean where it reads extra tokens only."""
    before, reads = EXTRA[family]
    total = np.zeros(net.weights[0].shape[-1])
    for state, weights in zip(net.states, net.weights, strict=True):
        rows = state.mean(1, keepdim=True).expand_as(state) if reads else state
        if net.pool is None:
            score, at = net.network.forward_head(net.network.norm(rows))[0, TARGET], weights
        else:
            score, at, _ = pooling(net.network, net.network.norm(rows))
        (slope,) = torch.autograd.grad(score, at, retain_graph=True)
        total += np.maximum(array(slope), 0).mean((0, 1)) / len(net.states)
    return total[before:]


def found(family: str, method: str) -> np.ndarray:
    how = {"target": TARGET, "scale": "logit", "preprocess": Preprocess.plain()}
    return seewhy.explain(build(family), pictures(family)[0], method=method, **how).values.ravel()


def close(values: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(values, expected, rtol=2e-4, atol=2e-5 * np.abs(expected).max())
    assert np.ptp(expected) > 1e-4 * np.abs(expected).max(), "a flat map proves nothing"


@pytest.mark.parametrize("method", ORACLES)
@pytest.mark.parametrize("family", EXTRA)
def test_a_map_is_read_where_the_head_reads(family: str, method: str) -> None:
    close(found(family, method), read(ORACLES[method](opened(family)), family))


@pytest.mark.parametrize("family", EXTRA)
def test_attention_flow_starts_where_the_head_reads(family: str) -> None:
    close(found(family, "attention-flow"), attention_flow(opened(family), family))


@pytest.mark.parametrize("family", EXTRA)
def test_legrad_asks_the_head_about_the_tokens_of_each_block(family: str) -> None:
    close(found(family, "legrad"), legrad(opened(family), family))


def test_no_attention_method_is_left_out() -> None:
    named = {name for name, entry in load_all().items() if entry.family == "attention"}
    assert named == {*ORACLES, "attention-flow", "legrad", "token-tm"}  # the last has an oracle file of its own
    assert {FAMILIES[family].tokens for family in EXTRA} == {
        (1, "class token"), (2, "extra tokens"), (5, "class token"), (1, "mean of patches"), (0, "attention pool"),
    }  # fmt: skip
