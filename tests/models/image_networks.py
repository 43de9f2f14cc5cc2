"""Small networks of every family, with random weights, and what their layout must turn out to be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import timm
import torch
import torchvision.models as tv
import transformers as hf
from torch import Tensor, nn

HF = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
HF_VIT = {**HF, "image_size": 64, "patch_size": 16, "num_labels": 7}


@dataclass(frozen=True)
class Family:
    """How to build a network, and what must be found in it."""

    build: Callable[[], nn.Module]
    layer: str
    grid: tuple[int, ...]
    side: int = 64
    tokens: tuple[int, str] | None = None  # extra tokens, and what the head reads
    drops: bool = False  # patches can be left out
    chain: tuple[int, ...] = ()  # the first grid, where attention in windows is put together over it


def _timm(name: str, **options: object) -> Callable[[], nn.Module]:
    return lambda: timm.create_model(name, num_classes=7, **options)


def _hf_swin() -> nn.Module:
    sizes = {"image_size": 64, "patch_size": 4, "embed_dim": 16, "window_size": 4, "num_labels": 7}
    return hf.SwinForImageClassification(hf.SwinConfig(depths=[1, 1, 2], num_heads=[2, 2, 2], **sizes))


def _hf_convnext() -> nn.Module:
    sizes = {"hidden_sizes": [8, 12, 16, 24], "depths": [1, 1, 1, 1], "num_labels": 7}
    return hf.ConvNextForImageClassification(hf.ConvNextConfig(image_size=64, **sizes))


def _tv_vgg() -> nn.Module:
    with torch.device("meta"):
        module = tv.vgg11(init_weights=False)
    module.classifier = nn.Linear(512 * 7 * 7, 7, device="meta")  # the published head has a hundred million weights
    module.to_empty(device="cpu")
    for parameter in module.parameters():
        nn.init.kaiming_normal_(parameter) if parameter.ndim > 1 else nn.init.zeros_(parameter)
    return module


def _tv_swin() -> nn.Module:
    return tv.SwinTransformer([4, 4], 16, [1, 1, 2], [2, 2, 2], [4, 4], num_classes=7)


def _tv_maxvit() -> nn.Module:
    return tv.MaxVit((64, 64), 8, 4, [8, 16], [1, 1], 8, 0.0, num_classes=7)


def _tv_vit() -> nn.Module:
    return tv.VisionTransformer(64, 16, num_layers=2, num_heads=2, hidden_dim=32, mlp_dim=64, num_classes=7)


FAMILIES: dict[str, Family] = {
    "torchvision ResNet": Family(lambda: tv.resnet18(num_classes=7), "layer4", (2, 2)),
    "torchvision VGG": Family(_tv_vgg, "features.19", (4, 4)),
    "torchvision MobileNetV3": Family(lambda: tv.mobilenet_v3_small(num_classes=7), "features", (2, 2)),
    "torchvision EfficientNet": Family(lambda: tv.efficientnet_b0(num_classes=7), "features", (2, 2)),
    "torchvision ConvNeXt": Family(lambda: tv.convnext_tiny(num_classes=7), "features", (2, 2)),
    "torchvision ViT": Family(
        _tv_vit, "encoder.layers.encoder_layer_1.ln_1", (4, 4), tokens=(1, "class token"), drops=True
    ),
    "torchvision Swin": Family(_tv_swin, "norm", (4, 4), chain=(16, 16)),
    "torchvision MaxViT": Family(_tv_maxvit, "blocks.1", (8, 8)),
    "timm ViT": Family(
        _timm("vit_tiny_patch16_224", img_size=64, depth=3),
        "blocks.2.norm1",
        (4, 4),
        tokens=(1, "class token"),
        drops=True,
    ),
    "timm DeiT distilled": Family(
        _timm("deit_tiny_distilled_patch16_224", img_size=64, depth=3),
        "blocks.2.norm1",
        (4, 4),
        tokens=(2, "extra tokens"),
        drops=True,
    ),
    "timm register ViT": Family(
        _timm("vit_small_patch14_reg4_dinov2", img_size=56, depth=2),
        "blocks.1.norm1",
        (4, 4),
        side=56,
        tokens=(5, "class token"),
        drops=True,
    ),
    "timm mean-pool ViT": Family(
        _timm("vit_tiny_patch16_224", img_size=64, depth=3, global_pool="avg"),
        "blocks",
        (4, 4),
        tokens=(1, "mean of patches"),
        drops=True,
    ),
    "timm attention-pool ViT": Family(
        _timm("vit_tiny_patch16_224", img_size=64, depth=3, global_pool="map", class_token=False),
        "norm",
        (4, 4),
        tokens=(0, "attention pool"),
        drops=True,
    ),
    "timm Swin": Family(
        _timm("swin_tiny_patch4_window7_224", img_size=56, window_size=7), "norm", (2, 2), side=56, chain=(14, 14)
    ),
    "timm ConvNeXt": Family(_timm("convnext_atto"), "stages", (2, 2)),
    "timm EfficientNet": Family(_timm("efficientnet_b0"), "bn2", (2, 2)),
    "timm hybrid": Family(
        _timm("vit_tiny_r_s16_p8_224", img_size=128, depth=2),
        "blocks.1.norm1",
        (4, 4),
        side=128,
        tokens=(1, "class token"),
        drops=True,
    ),
    "timm rotary ViT": Family(
        _timm("eva02_tiny_patch14_224", img_size=56, depth=2),
        "blocks.1",
        (4, 4),
        side=56,
        tokens=(1, "mean of patches"),
    ),
    "Hugging Face ViT": Family(
        lambda: hf.ViTForImageClassification(hf.ViTConfig(**HF_VIT)),
        "vit.layers.1.layernorm_before",
        (4, 4),
        tokens=(1, "class token"),
        drops=True,
    ),
    "Hugging Face DeiT": Family(
        lambda: hf.DeiTForImageClassification(hf.DeiTConfig(**HF_VIT)),
        "deit.layers.1.layernorm_before",
        (4, 4),
        tokens=(2, "class token"),
        drops=True,
    ),
    "Hugging Face DINOv2": Family(
        lambda: hf.Dinov2ForImageClassification(hf.Dinov2Config(**HF_VIT)),
        "dinov2",
        (4, 4),
        tokens=(1, "tokens and patches"),
        drops=True,
    ),
    "Hugging Face Swin": Family(_hf_swin, "swin.layernorm", (4, 4), chain=(16, 16)),
    "Hugging Face ConvNeXt": Family(_hf_convnext, "convnext.encoder", (2, 2)),
    "Hugging Face BEiT": Family(
        lambda: hf.BeitForImageClassification(hf.BeitConfig(**HF_VIT, use_relative_position_bias=True)),
        "beit.layers.1",
        (4, 4),
        tokens=(1, "mean of patches"),
    ),
}


def build(family: str) -> nn.Module:
    """A network of the family, the same each time, with a head that is not all zeros."""
    torch.manual_seed(0)
    module = FAMILIES[family].build()
    for parameter in module.parameters():
        if not bool(parameter.detach().any()) and parameter.ndim == 2:
            nn.init.normal_(parameter, std=0.1)
    return module


def pictures(family: str, count: int = 2) -> Tensor:
    """Images of noise in [0,1], of the size that the network takes."""
    side = FAMILIES[family].side
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(3))
