"""Small video networks of every family, with random weights, and what their layout must turn out to be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torchvision.models.video as tv
import transformers as hf
from torch import Tensor, nn
from torchvision.models.video.mvit import MSBlockConfig, MViT

HF = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32, "num_labels": 3}
SMALL = {**HF, "image_size": 24, "patch_size": 8, "num_frames": 4}


@dataclass(frozen=True)
class Family:
    """How to build a network, and what must be found in it."""

    build: Callable[[], nn.Module]
    order: str
    grid: tuple[int, ...]  # of the layer that is chosen
    shape: tuple[int, ...]
    tokens: tuple[int, tuple[int, ...], int, str] | None = None  # extra tokens, grid, attentions, what the head reads
    joint: bool = True  # the attentions, if any, are over one sequence of tokens
    looks: tuple[int, ...] | None = None  # the grid that the last attention looks at, where it is not the first one


class FramesFirst(nn.Module):
    """A network for photos on every frame (b, t, c, h, w), and a head over time."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        pool = (nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.look = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU(), nn.Conv2d(6, 8, 3, 2, 1), nn.ReLU(), *pool)
        self.head, self.last = head, nn.Linear(8, 3)

    def forward(self, clips: Tensor) -> Tensor:
        seen = self.look(clips.flatten(0, 1)).unflatten(0, clips.shape[:2])
        found = self.head(seen)
        return self.last(found[0][:, -1] if isinstance(found, tuple) else found.mean(1))


class ChannelsFirst(FramesFirst):
    """The same on (b, c, t, h, w)."""

    def forward(self, clips: Tensor) -> Tensor:
        return super().forward(clips.transpose(1, 2))


class OneByOne(FramesFirst):
    """The same, each frame in a call of its own."""

    def forward(self, clips: Tensor) -> Tensor:
        found = self.head(torch.stack([self.look(frame) for frame in clips.unbind(1)], 1))
        return self.last(found[0][:, -1] if isinstance(found, tuple) else found.mean(1))


class TwoPathways(nn.Module):
    """[slow, fast] in the manner of SlowFast: the fast one reports to the slow one, `ratio` frames at a time."""

    def __init__(self, ratio: int = 4) -> None:
        super().__init__()
        self.slow, self.fast = nn.Conv3d(3, 6, 1, (1, 2, 2)), nn.Conv3d(3, 4, 3, (1, 2, 2), 1)
        self.report = nn.Conv3d(4, 4, (ratio + 1, 1, 1), (ratio, 1, 1), (ratio // 2, 0, 0))
        self.deep, self.last = nn.Conv3d(10, 8, (1, 3, 3), padding=(0, 1, 1)), nn.Linear(12, 3)

    def forward(self, pathways: list[Tensor]) -> Tensor:
        slow, fast = self.slow(pathways[0]).relu(), self.fast(pathways[1]).relu()
        slow = self.deep(torch.cat([slow, self.report(fast)], 1)).relu()
        return self.last(torch.cat([slow.mean((2, 3, 4)), fast.mean((2, 3, 4))], 1))


def _mvit() -> nn.Module:
    first = MSBlockConfig(1, 8, 16, [3, 3, 3], [3, 3, 3], [1, 1, 1], [1, 2, 2])
    second = MSBlockConfig(2, 16, 16, [3, 3, 3], [3, 3, 3], [1, 2, 2], [1, 2, 2])
    return MViT((32, 32), 4, [first, second], True, False, True, True, num_classes=3)


def _swin() -> nn.Module:
    return tv.SwinTransformer3d([2, 4, 4], 8, [1, 1], [2, 2], [2, 4, 4], num_classes=3)


def _s3d() -> nn.Module:
    network = tv.s3d(num_classes=3)
    network.avgpool = nn.AdaptiveAvgPool3d(1)  # the published one wants 224 pixels
    return network


def _resnet(stem: Callable[..., nn.Module], convolve: type[nn.Conv3d]) -> nn.Module:
    parts = [convolve] * 4
    return tv.resnet.VideoResNet(tv.resnet.BasicBlock, parts, [1, 1, 1, 1], stem, num_classes=3)


def _timesformer(**options: object) -> nn.Module:
    return hf.TimesformerForVideoClassification(hf.TimesformerConfig(**{**SMALL, **options}))


def _videomae() -> nn.Module:
    return hf.VideoMAEForVideoClassification(hf.VideoMAEConfig(tubelet_size=2, **SMALL))


def _vivit() -> nn.Module:
    wants = {name: value for name, value in SMALL.items() if name != "patch_size"}
    return hf.VivitForVideoClassification(hf.VivitConfig(tubelet_size=[2, 8, 8], **wants))


def _vjepa() -> nn.Module:
    wants = {name: HF[name] for name in ("hidden_size", "num_hidden_layers", "num_attention_heads", "num_labels")}
    small = {"pred_hidden_size": 16, "pred_num_attention_heads": 2, "pred_num_hidden_layers": 1, "mlp_ratio": 2}
    sizes = {"crop_size": 24, "patch_size": 8, "frames_per_clip": 4, "tubelet_size": 2, "num_pooler_layers": 1}
    return hf.VJEPA2ForVideoClassification(hf.VJEPA2Config(**wants, **small, **sizes))


def _over_frames(kind: type[FramesFirst] = FramesFirst) -> nn.Module:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    return kind(nn.TransformerEncoder(layer, 2, enable_nested_tensor=False))


CHANNELS, FRAMES = "channels, frames, height, width", "frames, channels, height, width"
CLIP, PATCHED, EIGHT = (3, 8, 32, 32), (3, 4, 24, 24), (3, 8, 16, 16)
JOINT = (2, 3, 3)
FAMILIES: dict[str, Family] = {
    "R3D": Family(lambda: _resnet(tv.resnet.BasicStem, tv.resnet.Conv3DSimple), CHANNELS, (1, 2, 2), CLIP),
    "MC3": Family(lambda: _resnet(tv.resnet.BasicStem, tv.resnet.Conv3DNoTemporal), CHANNELS, (8, 2, 2), CLIP),
    "R(2+1)D": Family(lambda: _resnet(tv.resnet.R2Plus1dStem, tv.resnet.Conv2Plus1D), CHANNELS, (1, 2, 2), CLIP),
    "S3D": Family(_s3d, CHANNELS, (1, 2, 2), (3, 8, 64, 64)),
    "MViT": Family(_mvit, CHANNELS, (2, 8, 8), (3, 4, 32, 32), (1, (2, 8, 8), 2, "class token"), joint=False),
    "Swin3D": Family(
        _swin, CHANNELS, (4, 4, 4), CLIP, (0, (4, 8, 8), 2, "mean of patches"), joint=False, looks=(4, 4, 4)
    ),
    "TimeSformer": Family(_timesformer, FRAMES, (4, 3, 3), PATCHED, (1, (4, 3, 3), 4, "class token"), joint=False),
    "TimeSformer, joint": Family(
        lambda: _timesformer(attention_type="joint_space_time"), FRAMES, (4, 3, 3), PATCHED,
        (1, (4, 3, 3), 2, "class token"),
    ),
    "VideoMAE": Family(_videomae, FRAMES, JOINT, PATCHED, (0, JOINT, 2, "mean of patches")),
    "ViViT": Family(_vivit, FRAMES, JOINT, PATCHED, (1, JOINT, 2, "class token")),
    "V-JEPA 2": Family(_vjepa, FRAMES, JOINT, PATCHED, (0, JOINT, 3, "attention pool")),
    "frames and GRU": Family(lambda: FramesFirst(nn.GRU(8, 8, batch_first=True)), FRAMES, (8, 4, 4), EIGHT),
    "frames and LSTM": Family(lambda: ChannelsFirst(nn.LSTM(8, 8, batch_first=True)), CHANNELS, (8, 4, 4), EIGHT),
    "frames and mean": Family(lambda: FramesFirst(nn.Identity()), FRAMES, (8, 4, 4), EIGHT),
    "frames and attention": Family(_over_frames, FRAMES, (8, 4, 4), EIGHT, (0, (8, 1, 1), 2, "mean of patches")),
    "frames in a loop and GRU": Family(
        lambda: OneByOne(nn.GRU(8, 8, batch_first=True)), FRAMES, (8, 4, 4), EIGHT
    ),
    "frames in a loop and LSTM": Family(
        lambda: OneByOne(nn.LSTM(8, 8, batch_first=True)), FRAMES, (8, 4, 4), EIGHT
    ),
    "frames in a loop and mean": Family(lambda: OneByOne(nn.Identity()), FRAMES, (8, 4, 4), EIGHT),
    "frames in a loop and attention": Family(
        lambda: _over_frames(OneByOne), FRAMES, (8, 4, 4), EIGHT, (0, (8, 1, 1), 2, "mean of patches")
    ),
    "two pathways": Family(
        TwoPathways, "a slow pathway of every 4th frame, and a fast one of all", (2, 8, 8), EIGHT
    ),
}  # fmt: skip
