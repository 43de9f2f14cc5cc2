"""The preprocessing that timm and torchvision keep beside their models."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import nn

from ..domain.geometry import Size
from ..errors import BadOption, UnknownPreprocessing
from .kinetics import of_clips
from .preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess
from .resize import Resize


def of_timm(given: object) -> Preprocess:
    """From a timm model, its `pretrained_cfg` as a dict, or as an object."""
    config = getattr(given, "pretrained_cfg", given)
    config = config if isinstance(config, Mapping) else getattr(config, "to_dict", dict)()
    if not config.get("input_size"):
        raise UnknownPreprocessing(
            f"A {type(given).__name__} holds no timm configuration with an input_size.",
            fix="pass preprocess=Preprocess.of(size=..., mean=..., std=...).",
        )
    channels, size = _asked_for(given, config)
    crop_pct = config.get("crop_pct") or 0.875
    found = Preprocess.of(
        size=size,
        mean=tuple(config.get("mean") or IMAGENET_MEAN),
        std=tuple(config.get("std") or IMAGENET_STD),
        crop_pct=crop_pct,
        interpolation=config.get("interpolation") or "bicubic",
        channels=channels,
        source="timm pretrained_cfg",
    )
    around: Size = (math.floor(size[0] / crop_pct), math.floor(size[1] / crop_pct))
    mode = config.get("crop_mode") or "center"
    if mode == "squash":
        return replace(found, resize="exact", size=around)
    if mode == "border":
        fill = tuple(round(255 * value) for value in found.mean)
        return replace(found, resize="letterbox", size=around, fill=fill * (3 // len(fill)))
    if mode == "center":
        return found
    raise UnknownPreprocessing(
        f"seewhy does not know timm's crop_mode {mode!r}.",
        fix="pass preprocess=Preprocess.of(size=..., mean=..., std=...).",
    )


def _asked_for(given: object, config: Mapping[str, Any]) -> tuple[int, Size]:
    # pretrained_cfg describes the weights; a model built with in_chans or img_size wants something else.
    channels, height, width = config["input_size"]
    if isinstance(given, nn.Module):
        first = config.get("first_conv")
        modules = dict(given.named_modules())
        channels = getattr(modules.get(first) if isinstance(first, str) else None, "in_channels", channels)
        height, width = getattr(modules.get("patch_embed"), "img_size", None) or (height, width)
    if channels not in (1, 3):
        raise UnknownPreprocessing(
            f"The model wants {channels} channels, which no photo has.",
            fix="pass tensors with preprocess=Preprocess.plain().",
        )
    return channels, (height, width)


def of_torchvision(transforms: Any) -> Preprocess:
    """From a preset for images, clips, segmentation or detection, or from weights, which make one."""
    preset = transforms.transforms() if callable(getattr(transforms, "transforms", None)) else transforms
    if type(preset).__name__ == "VideoClassification":
        return of_clips(preset, getattr(transforms, "meta", {}))
    if type(preset).__name__ == "ObjectDetection":
        return Preprocess(source="torchvision weights: the detector resizes and normalises by itself")
    if type(preset).__name__ == "SemanticSegmentation":
        size = tuple(preset.resize_size or ())
        resize: Resize = {0: "none", 1: "short"}.get(len(size), "exact")  # type: ignore[assignment]
        way, mean, std = preset.interpolation.value, tuple(preset.mean), tuple(preset.std)
        return Preprocess(resize, size, interpolation=way, mean=mean, std=std, source="torchvision weights")
    if type(preset).__name__ != "ImageClassification":
        raise UnknownPreprocessing(
            f"seewhy cannot read the preprocessing of a {type(preset).__name__}.",
            fix="pass weights.transforms() of a torchvision classifier, or preprocess=Preprocess.of(...).",
        )
    size, crop = tuple(preset.resize_size), tuple(preset.crop_size)
    try:
        return Preprocess(
            resize="short" if len(size) == 1 else "exact",
            size=size,
            crop=(crop[0], crop[-1]),
            interpolation=preset.interpolation.value,
            mean=tuple(preset.mean),
            std=tuple(preset.std),
            source="torchvision weights",
        )
    except BadOption as error:
        raise UnknownPreprocessing(error.problem, fix="pass preprocess=Preprocess.of(...).") from error
