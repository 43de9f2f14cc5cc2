"""Rollout, raw attention and gradient-weighted attention on matrices that were made by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import torch
from known_networks import HandMadeAttention

import seewhy
from seewhy.testing import oracles

TOKENS, WIDTH, HEADS = 5, 6, 2  # a class token and 2 x 2 patches
IMAGE = torch.rand(1, 4, 4, generator=torch.Generator().manual_seed(1))

# Neither symmetric nor commuting; rows add up to one, columns do not.
FIRST = torch.tensor(
    [
        [0.40, 0.30, 0.10, 0.10, 0.10],
        [0.05, 0.15, 0.60, 0.10, 0.10],
        [0.70, 0.05, 0.05, 0.10, 0.10],
        [0.10, 0.10, 0.10, 0.20, 0.50],
        [0.05, 0.05, 0.05, 0.80, 0.05],
    ]
)
SECOND = torch.tensor(
    [
        [0.10, 0.10, 0.20, 0.05, 0.55],
        [0.30, 0.30, 0.20, 0.10, 0.10],
        [0.10, 0.60, 0.10, 0.10, 0.10],
        [0.20, 0.20, 0.20, 0.30, 0.10],
        [0.60, 0.10, 0.10, 0.10, 0.10],
    ]
)


@cache
def network() -> HandMadeAttention:
    generator = torch.Generator().manual_seed(7)
    blocks = [torch.stack([FIRST, SECOND]), torch.stack([SECOND, SECOND.flip(0)])]
    values = [0.5 * torch.randn(HEADS, WIDTH, WIDTH, generator=generator) for _ in blocks]
    return HandMadeAttention(blocks, values, torch.randn(3, WIDTH, generator=generator))


def weights() -> list[np.ndarray]:
    width = TOKENS**0.5
    return [torch.softmax(b.query.detach() / width, dim=-1).double().numpy() for b in network().blocks]


def test_the_network_attends_as_it_was_told() -> None:
    np.testing.assert_allclose(weights()[0], torch.stack([FIRST, SECOND]), atol=1e-6)


def test_raw_attention_is_the_class_row_of_the_last_block_averaged_over_heads() -> None:
    found = seewhy.explain(network(), IMAGE, method="raw-attention").values
    by_hand = (SECOND[0] + SECOND[4]) / 2  # the second head is the first one upside down
    np.testing.assert_allclose(found.ravel(), by_hand[1:], atol=1e-6)


def test_rollout_is_the_product_of_the_blocks_with_their_skip_connections() -> None:
    found = seewhy.explain(network(), IMAGE, method="attention-rollout").values
    np.testing.assert_allclose(found.ravel(), oracles.rollout(weights())[0, 1:], atol=1e-6)


def test_rollout_is_none_of_the_wrong_answers_of_other_code() -> None:
    found = seewhy.explain(network(), IMAGE, method="attention-rollout").values.ravel()
    first, second = ((w.mean(axis=0) + np.eye(TOKENS)) / 2 for w in weights())
    wrong = {
        "blocks in the wrong order": (first @ second)[0],
        "columns read as rows": (second @ first)[:, 0],
        "blocks transposed": (second.T @ first.T)[0],
        "no skip connections": np.linalg.multi_dot([w.mean(axis=0) for w in reversed(weights())])[0],
        "rows divided by sums of the wrong axis": ((second / second.sum(0)) @ (first / first.sum(0)))[0],
        "the last block only": second[0],
    }
    for name, answer in wrong.items():
        assert np.abs(found - answer[1:]).max() > 1e-3, name


def score_of(attention: list[np.ndarray], target: int) -> float:
    """The network's answer when its attention weights are these, in plain loops over blocks and heads."""
    net = network()
    patches = net.patches(IMAGE[None]).detach().flatten(2).transpose(1, 2)[0].double().numpy()
    tokens = np.concatenate([net.start.detach().double().numpy()[0], patches])
    for block, matrices in zip(net.blocks, attention, strict=True):
        moved = [matrix @ tokens @ block.values[h].detach().double().numpy() for h, matrix in enumerate(matrices)]
        tokens = tokens + sum(moved)
    return float(tokens[0] @ net.head.detach().double().numpy()[target])


def slopes(target: int, step: float = 1e-4) -> list[np.ndarray]:
    """How the score changes with each single attention weight, by central differences."""
    found = []
    for b, block in enumerate(weights()):
        slope = np.zeros_like(block)
        for at in np.ndindex(*block.shape):
            up, down = weights(), weights()
            up[b][at] += step
            down[b][at] -= step
            slope[at] = (score_of(up, target) - score_of(down, target)) / (2 * step)
        found.append(slope)
    return found


@pytest.mark.parametrize("target", [0, 1, 2])
def test_gradient_attention_is_re_derived_by_nudging_every_single_weight(target: int) -> None:
    found = seewhy.explain(network(), IMAGE, method="gradient-attention", target=target, scale="logit").values
    expected = oracles.gradient_relevance(weights(), slopes(target))[0, 1:]
    np.testing.assert_allclose(found.ravel(), expected, atol=1e-5 * max(1.0, np.abs(expected).max()))


WRONG: dict[str, Callable[[list[np.ndarray], list[np.ndarray]], np.ndarray]] = {
    "gradients in the reverse order of blocks": lambda a, g: oracles.gradient_relevance(a, g[::-1]),
    "blocks in the reverse order": lambda a, g: oracles.gradient_relevance(a[::-1], g[::-1]),
    "heads averaged before negatives are dropped": lambda a, g: oracles.gradient_relevance(
        [w.mean(0, keepdims=True) for w in a], [s.mean(0, keepdims=True) for s in g]
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_gradient_attention_is_not_the_answer_of_a_known_mistake(mistake: str) -> None:
    found = seewhy.explain(network(), IMAGE, method="gradient-attention", target=0, scale="logit").values
    wrong = WRONG[mistake](weights(), slopes(0))[0, 1:]
    assert np.abs(found.ravel() - wrong).max() > 1e-3


def test_gradient_attention_tells_classes_apart_and_rollout_does_not() -> None:
    def both(method: str) -> list[np.ndarray]:
        return [e.values for e in seewhy.explain(network(), IMAGE, method=method, target=[0, 1])]

    assert not np.allclose(*both("gradient-attention"))
    np.testing.assert_array_equal(*both("attention-rollout"))
