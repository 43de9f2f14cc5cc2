"""Attention computed in the open equals the fused kernels for every kind of mask, and its gradients flow."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from seewhy.models.attention import Recorder

G = torch.Generator().manual_seed(0)
Q, K, V = (torch.rand(2, 4, n, 8, generator=G) for n in (5, 6, 6))
BOOL = torch.rand(2, 1, 5, 6, generator=G) > 0.3
NOWHERE = BOOL.clone()
NOWHERE[0, 0, 2] = False


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"scale": 0.7},
        {"is_causal": True},
        {"attn_mask": BOOL},
        {"attn_mask": torch.randn(5, 6, generator=G)},
        {"attn_mask": NOWHERE},
    ],
    ids=["plain", "scale", "causal", "bool mask", "float mask", "a row that may look nowhere"],
)
def test_fused_attention_gives_the_same_answer_and_its_weights(options: dict[str, object]) -> None:
    expected = F.scaled_dot_product_attention(Q, K, V, **options)
    with Recorder() as recorder:
        found = F.scaled_dot_product_attention(Q, K, V, **options)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    (call,) = recorder.calls
    torch.testing.assert_close(call.weights @ V, expected, atol=1e-5, rtol=1e-5)
    assert bool(torch.autograd.grad(found.sum(), call.weights)[0].any())


def test_grouped_queries_share_keys() -> None:
    key, value = K[:, :2], V[:, :2]
    expected = F.scaled_dot_product_attention(Q, key, value, enable_gqa=True)
    with Recorder() as recorder:
        found = F.scaled_dot_product_attention(Q, key, value, enable_gqa=True)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    assert recorder.calls[0].weights.shape == (2, 4, 5, 6)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("extras", [{}, {"add_bias_kv": True, "add_zero_attn": True}, {"kdim": 12, "vdim": 10}])
@pytest.mark.parametrize("masks", ["none", "padding", "attention", "both"])
@pytest.mark.parametrize("batch_first", [True, False])
def test_multihead_attention_gives_the_same_answer(bias, extras, masks, batch_first) -> None:
    torch.manual_seed(0)
    attention = nn.MultiheadAttention(16, 4, bias=bias, batch_first=batch_first, **extras).eval()
    query = torch.rand(2, 5, 16)
    key, value = (torch.rand(2, 6, extras.get(dim, 16)) for dim in ("kdim", "vdim"))
    if not batch_first:
        query, key, value = (t.transpose(0, 1) for t in (query, key, value))
    padding = torch.zeros(2, 6, dtype=torch.bool)
    padding[1, 4:] = True
    options = {
        "key_padding_mask": padding if masks in ("padding", "both") else None,
        "attn_mask": torch.eye(5, 6, dtype=torch.bool) if masks in ("attention", "both") else None,
    }
    for wanted in ({"need_weights": False}, {}, {"average_attn_weights": False}):
        expected, weights = attention(query, key, value, **options, **wanted)
        with Recorder() as recorder:
            found, shown = attention(query, key, value, **options, **wanted)
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
        assert (shown is None) == (weights is None)
        if weights is not None:
            torch.testing.assert_close(shown, weights, atol=1e-5, rtol=1e-5)
        (call,) = recorder.calls
        assert call.weights.shape[:3] == (2, 4, 5)
        assert bool(torch.autograd.grad(found.sum(), call.weights)[0].any())


def test_the_fast_path_of_transformer_layers_is_seen_too() -> None:
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True).eval()
    tokens = torch.rand(2, 5, 16)
    with torch.inference_mode():
        expected = layer(tokens)
        with Recorder() as recorder:
            found = layer(tokens)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    assert [call.weights.shape for call in recorder.calls] == [(2, 4, 5, 5)]


def test_attention_written_out_is_caught_at_its_softmax() -> None:
    scores = Q @ K.mT
    for softmax in (
        lambda s: s.softmax(dim=-1),
        lambda s: F.softmax(s, dim=-1),
        lambda s: torch.softmax(input=s, dim=3),
        nn.Softmax(-1),
    ):
        with Recorder() as recorder:
            weights = softmax(scores)
            weights *= 1  # writing into the weights is the network's right
            answer = weights @ V
        (call,) = recorder.calls
        torch.testing.assert_close(call.weights @ V, answer)
        assert bool(torch.autograd.grad(answer.sum(), call.weights)[0].any())


def test_a_softmax_over_classes_is_not_attention() -> None:
    with Recorder() as recorder:
        torch.rand(2, 10).softmax(-1)
        torch.rand(2, 10, 4, 4).softmax(1)
    assert not recorder.calls
