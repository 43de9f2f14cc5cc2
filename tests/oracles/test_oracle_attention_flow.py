"""Maximum flow on graphs that were solved by hand, and against the narrowest of all cuts."""

from __future__ import annotations

import importlib
import itertools

import numpy as np
import pytest
import torch
from known_networks import HandMadeAttention

import seewhy
from seewhy.engine.flow import maximum_flows

G = torch.Generator().manual_seed(3)


def narrowest_cut(layers: list[np.ndarray], share: np.ndarray, node: int) -> float:
    """Over every way to divide the nodes, the smallest width of what leads from the source's side to the other."""
    names = [(level, i) for level, layer in enumerate(layers) for i in range(layer.shape[1])]
    names += [(len(layers), i) for i in range(len(share))]
    free = [name for name in names if name != (0, node)]
    best = np.inf
    for sides in itertools.product((False, True), repeat=len(free)):
        near = {name for name, side in zip(free, sides, strict=True) if side}
        width = sum(share[i] for i in range(len(share)) if (len(layers), i) not in near)
        for level, layer in enumerate(layers):
            for to, start in np.ndindex(*layer.shape):
                width += layer[to, start] * ((level + 1, to) in near and (level, start) not in near)
        best = min(best, width)
    return best


def test_two_tokens_through_two_layers_are_solved_by_hand() -> None:
    first = torch.tensor([[0.75, 0.25], [0.125, 0.875]])
    second = torch.tensor([[0.5, 0.5], [0.25, 0.75]])
    found = list(maximum_flows([first, second], torch.tensor([1.0, 0.0]), [0, 1]))
    # from token 0: 1/2 goes to each token in the middle; 0 is reached by 1/2 + 1/8, 1 by 1/4 + 1/2
    assert found == [0.625, 0.75]


def test_flow_is_none_of_the_products_that_rollout_takes() -> None:
    first, second = torch.tensor([[0.75, 0.25], [0.125, 0.875]]), torch.tensor([[0.5, 0.5], [0.25, 0.75]])
    assert (second @ first)[0].tolist() == [0.4375, 0.5625]


@pytest.mark.parametrize("share", [[1.0, 0.0, 0.0], [0.2, 0.3, 0.5]], ids=["class token", "mean"])
def test_the_flow_is_the_narrowest_of_all_cuts(share: list[float]) -> None:
    layers = [torch.softmax(2 * torch.randn(3, 3, generator=G), dim=1) for _ in range(2)]
    layers.append(torch.softmax(torch.randn(3, 3, generator=G), dim=1))
    found = list(maximum_flows(layers, torch.tensor(share), range(3)))
    expected = [narrowest_cut([np.float64(x) for x in layers], np.array(share), node) for node in range(3)]
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_a_pooling_layer_may_have_fewer_nodes() -> None:
    layers = [
        torch.softmax(torch.randn(4, 4, generator=G), dim=1),
        torch.softmax(torch.randn(1, 4, generator=G), dim=1),
    ]
    found = list(maximum_flows(layers, torch.ones(1), [2]))
    np.testing.assert_allclose(found, narrowest_cut([np.float64(x) for x in layers], np.ones(1), 2), atol=1e-7)


def test_attention_flow_halves_attention_beside_the_skips_and_reads_the_class_token() -> None:
    """A class token and 2 x 2 patches, solved by hand."""
    low, high = torch.full((5, 5), 0.2), torch.tensor([[0.1, 0.1, 0.2, 0.5, 0.1]] + [[0.2] * 5] * 4)
    values = [torch.eye(3)[None]] * 2
    network = HandMadeAttention([low[None], high[None]], values, torch.randn(2, 3, generator=G))
    found = seewhy.explain(network, torch.rand(1, 4, 4, generator=G), method="attention-flow").values.ravel()
    # The class token offers (0.55; 0.05, 0.1, 0.25, 0.05) to the middle. Patch p takes at most 0.1 from each other node
    # of the middle and 0.6 from itself.
    own, others = np.array([0.05, 0.1, 0.25, 0.05]), np.array([0.25, 0.2, 0.2, 0.25])
    expected = 0.1 + own + others
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_too_long_a_sequence_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("seewhy.methods.attention_flow")
    monkeypatch.setattr(module, "MOST", 9)
    network = HandMadeAttention([torch.full((1, 5, 5), 0.2)] * 2, [torch.eye(3)[None]] * 2, torch.eye(3))
    with pytest.raises(seewhy.errors.MissingCapability, match="5 tokens and 2 blocks"):
        seewhy.explain(network, torch.rand(1, 4, 4), method="attention-flow")
