"""Attention maps that other code gets wrong without a word: each is right here, or refused by name."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers as hf
from torch import Tensor, nn

import seewhy
from models.image_networks import FAMILIES, build, pictures
from seewhy.errors import MissingCapability
from seewhy.inputs.preprocess import Preprocess
from seewhy.registry import load_all
from seewhy.testing.as_found import left_as_found

METHODS = [name for name, entry in load_all().items() if entry.family == "attention"]
WITH_TOKENS = [name for name, family in FAMILIES.items() if family.tokens is not None]


@pytest.mark.parametrize("kernel", ["sdpa", "eager"])
def test_a_timm_network_inside_a_hugging_face_one_shows_its_attention(kernel: str) -> None:
    torch.manual_seed(0)
    options = {"img_size": 32, "patch_size": 8, "embed_dim": 16, "depth": 2, "num_heads": 2}
    config = hf.TimmWrapperConfig(architecture="vit_tiny_patch16_224", num_labels=3, model_args=options)
    config._attn_implementation = kernel
    found = seewhy.explain(hf.TimmWrapperForImageClassification(config), torch.rand(3, 32, 32), method=METHODS)
    assert all(one.values.shape == (4, 4) and one.values.max() > 0 for one in found)


@pytest.mark.parametrize("family", WITH_TOKENS)
def test_the_method_of_chefer_needs_no_rewritten_network(family: str) -> None:
    found = seewhy.explain(build(family), pictures(family)[0], method="gradient-attention")
    assert found.values.shape == FAMILIES[family].grid
    assert np.isfinite(found.values).all()
    assert found.values.max() > 0


def test_networks_and_their_kernels_are_given_back_as_they_were_by_every_attention_method() -> None:
    network = build("timm ViT")
    with left_as_found(network):
        seewhy.explain(network, pictures("timm ViT")[0], method=METHODS)
    assert all(block.attn.fused_attn for block in network.blocks)
    assert not any("forward" in vars(part) for part in network.modules())
    assert all(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize("method", METHODS)
def test_the_second_image_of_a_batch_has_its_own_map(method: str) -> None:
    network, (one, other) = build("torchvision ViT"), pictures("torchvision ViT")
    together = seewhy.explain(network, [one, other], method=method, target=2)
    alone = seewhy.explain(network, other, method=method, target=2)
    np.testing.assert_allclose(together[1].values, alone.values, rtol=1e-4, atol=1e-7)
    assert np.abs(together[0].values - alone.values).max() > 1e-6


class Divided(nn.Module):
    """Space and time attended to in turn, as TimeSformer does: no attention ever looks at all tokens."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.patch, self.head = nn.Conv3d(3, 16, (1, 8, 8), (1, 8, 8)), nn.Linear(16, 3)
        self.time, self.space = (nn.MultiheadAttention(16, 2, batch_first=True) for _ in range(2))

    def forward(self, clips: Tensor) -> Tensor:
        maps = self.patch(clips)  # (b, k, t, h, w)
        by_place = maps.permute(0, 3, 4, 2, 1).flatten(0, 2)
        by_place = by_place + self.time(by_place, by_place, by_place)[0]
        by_frame = by_place.unflatten(0, (len(clips), -1)).transpose(1, 2).flatten(0, 1)
        by_frame = by_frame + self.space(by_frame, by_frame, by_frame)[0]
        return self.head(by_frame.unflatten(0, (len(clips), -1)).mean((1, 2)))


class PooledKeys(nn.Module):
    """Keys and values are fewer than queries, as in pyramid transformers."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.patch, self.head = nn.Conv2d(3, 16, 4, 4), nn.Linear(16, 3)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.patch(images).flatten(2).mT
        fewer = tokens.unflatten(1, (-1, 4)).mean(2)
        return self.head((tokens + self.attention(tokens, fewer, fewer)[0]).mean(1))


@pytest.mark.parametrize(
    ("network", "sample", "reason"),
    [
        (Divided(), torch.rand(3, 4, 32, 32), "windows of 4"),
        (PooledKeys(), torch.rand(3, 32, 32), "64 queries for 16 keys"),
        (build("torchvision MaxViT"), pictures("torchvision MaxViT")[0], "windows of 16"),
    ],
    ids=["divided space and time", "pooled keys", "windows between convolutions"],
)
@pytest.mark.parametrize("method", METHODS)
def test_attention_that_never_looks_at_all_tokens_is_refused_with_the_reason(
    method: str, network: nn.Module, sample: Tensor, reason: str
) -> None:
    with pytest.raises(MissingCapability, match=reason):
        seewhy.explain(network, sample[None], method=method, preprocess=Preprocess.plain())


def test_layer_norm_gelu_and_identity_of_a_transformer_are_no_obstacle_to_deep_lift() -> None:
    found = seewhy.explain(build("timm ViT"), pictures("timm ViT")[0], method="deep-lift")
    assert np.isfinite(found.values).all()
    assert found.values.any()
