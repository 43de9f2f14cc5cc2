"""How torchvision's video networks want their clips, as their Kinetics-400 weights say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import nn

from .pace import Pace
from .preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess

MEAN, STD = (0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989)
PROSE = re.compile(r"`frame_rate=([\d.]+)`.*`clip_len=(\d+)`")  # the weights tell frames and rate in words only


def of_clips(preset: Any, meta: Mapping[str, Any]) -> Preprocess:
    """From a preset for clips, with what the weights' description says about frames."""
    size, crop = tuple(preset.resize_size), tuple(preset.crop_size)
    told = PROSE.search(meta.get("_docs", ""))
    return Preprocess(
        resize="short" if len(size) == 1 else "exact",
        size=size,
        crop=(crop[0], crop[-1]),
        interpolation=preset.interpolation.value,
        mean=tuple(preset.mean),
        std=tuple(preset.std),
        antialias=False,
        pace=Pace(int(told[2]), "dense", rate=float(told[1])) if told else Pace(),
        source="torchvision weights",
    )


def _assumed(size: tuple[int, ...], crop: int, mean: Any, std: Any, frames: int, rate: float) -> Preprocess:
    return Preprocess(
        resize="short" if len(size) == 1 else "exact",
        size=size,
        crop=(crop, crop),
        mean=mean,
        std=std,
        antialias=False,
        pace=Pace(frames, "dense", rate=rate),
        source="assumed: torchvision's Kinetics-400 weights",
        assumed=True,
    )


NETWORKS = {  # by the module that they are defined in
    "resnet": _assumed((128, 171), 112, MEAN, STD, 16, 15),
    "s3d": _assumed((256, 256), 224, MEAN, STD, 128, 15),
    "mvit": _assumed((256,), 224, (0.45,) * 3, (0.225,) * 3, 16, 7.5),
    "swin_transformer": _assumed((256,), 224, IMAGENET_MEAN, IMAGENET_STD, 32, 15),
}


def of_video_network(module: nn.Module) -> Preprocess | None:
    """What the published weights of such a network want; None for a network that is not known."""
    found = NETWORKS.get(type(module).__module__.rpartition(".")[2])
    built = getattr(module, "pos_encoding", None)  # an MViT has one number of frames and one size
    if found is None or built is None:
        return found
    size, frames = tuple(built.spatial_size), int(built.temporal_size)
    grid = tuple(module.conv_proj.stride)  # type: ignore[arg-type]
    crop = (size[0] * grid[1], size[1] * grid[2])
    if found.pace is not None and (crop, frames * grid[0]) == (found.crop, found.pace.frames):
        return found
    pace = replace(found.pace or Pace(), frames=frames * grid[0])
    return replace(found, resize="cover", size=crop, crop=crop, pace=pace)
