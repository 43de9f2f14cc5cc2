"""What timm, torchvision and Hugging Face keep beside a network: how it wants its input, and its class names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from ..errors import BadOption, UnknownPreprocessing
from ..inputs.kinetics import of_video_network
from ..inputs.preprocess import IMAGENET, IMAGENET_MEAN, IMAGENET_STD, Preprocess
from .sample import stated_frames, stated_size
from .unwrapped import unwrapped

WAYS = "pass a Preprocess, timm's pretrained_cfg, torchvision weights, an image processor, or dict(size=, mean=, std=)"
OTHER_TASKS = ("video", "detection", "segmentation", "optical_flow")


@dataclass(frozen=True)
class Carried:
    """What was found beside a network."""

    preprocess: Preprocess | None = None
    labels: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()


def carried_by(module: nn.Module) -> Carried:
    """What the family of this network keeps beside it; nothing for an unknown family."""
    module = unwrapped(module)
    config: Any = getattr(module, "config", None)
    if getattr(module, "pretrained_cfg", None):
        return _timm(module)
    if isinstance(getattr(config, "id2label", None), Mapping):
        note = "The image processor was not given: photos need preprocess=processor."
        return Carried(labels=_named(labels_of(config.id2label)), notes=(note,))
    home = type(module).__module__.split(".")
    if home[:3] == ["torchvision", "models", "detection"]:
        return Carried(Preprocess(source="torchvision detectors resize and normalise by themselves"))
    if home[:3] == ["torchvision", "models", "segmentation"]:
        note = (
            "Torchvision keeps no preprocessing in a network: ImageNet's colours were assumed, in the photo's own size."
        )
        plain = Preprocess(mean=IMAGENET_MEAN, std=IMAGENET_STD, source="assumed: ImageNet's colours", assumed=True)
        return Carried(plain, notes=(note,))
    if home[:3] == ["torchvision", "models", "video"]:
        found = of_video_network(module)
        note = "Torchvision keeps no preprocessing in a network: that of its Kinetics-400 weights was assumed."
        return Carried() if found is None else Carried(found, notes=(note,))
    if home[:2] == ["torchvision", "models"] and not set(home) & set(OTHER_TASKS):
        note = "Torchvision keeps no preprocessing in a network: ImageNet's was assumed; pass preprocess=weights."
        size = stated_size(module)
        assumed = replace(Preprocess.of(size=size), source=IMAGENET.source, assumed=True) if size else IMAGENET
        return Carried(assumed, notes=(note,))
    return Carried()


def preprocess_of(given: Any, *, size: tuple[int, ...] | None = None) -> Preprocess | None:
    """The preprocessing in any of the forms that the families keep it in; `size` completes a dict without one."""
    if given is None or isinstance(given, Preprocess):
        return given
    if isinstance(given, Mapping) and not {
        "input_size",
        "image_mean",
        "do_resize",
        "image_processor_type",
        "video_processor_type",
    } & set(given):
        return _from_words({"size": size, **given} if size else given)
    if _has(given, "input_size"):
        return Preprocess.from_timm(given)
    if _has(given, "resize_size") or (_has(given, "transforms") and _has(given, "meta")):
        return Preprocess.from_torchvision(given)
    if (
        _has(given, "image_mean")
        or _has(given, "video_processor_type")
        or _has(given, "do_resize")
        or _has(given, "image_processor_type")
    ):
        return Preprocess.from_huggingface(given)
    raise BadOption(f"A {type(given).__name__} does not say how the model wants its input.", fix=f"{WAYS}.")


def paced(preprocess: Preprocess | None, module: nn.Module) -> Preprocess | None:
    """The preprocessing with as many frames as the network is built for: few video processors know how many."""
    frames = stated_frames(module)
    if preprocess is None or preprocess.pace is None or frames is None:
        return preprocess
    return replace(preprocess, pace=replace(preprocess.pace, frames=frames))


def labels_of(given: Any) -> tuple[str, ...] | None:
    """Class names from a sequence, a dictionary by index, or torchvision weights."""
    if isinstance(given, Mapping):
        by_index = {int(index): str(label) for index, label in given.items()}
        return tuple(by_index.get(index, f"class {index}") for index in range(max(by_index, default=-1) + 1))
    if isinstance(getattr(given, "meta", None), Mapping):
        return labels_of(given.meta.get("categories"))
    if given is not None and (isinstance(given, str) or not isinstance(given, Sequence)):
        raise BadOption(
            f"A {type(given).__name__} is no list of class names.",
            fix="pass labels=['first class', 'second class', …].",
        )
    return None if given is None else tuple(map(str, given))


def _timm(module: Any) -> Carried:
    config = module.pretrained_cfg
    labels = (config.get if isinstance(config, Mapping) else lambda key: getattr(config, key, None))("label_names")
    try:
        return Carried(Preprocess.from_timm(module), labels_of(labels))
    except UnknownPreprocessing as error:
        return Carried(None, labels_of(labels), (error.problem,))


def _named(labels: tuple[str, ...] | None) -> tuple[str, ...] | None:
    # LABEL_0, LABEL_1 ... stand where nobody named the classes.
    return None if labels is None or all(re.fullmatch(r"LABEL_\d+", label) for label in labels) else labels


def _from_words(given: Mapping[str, Any]) -> Preprocess:
    words: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    try:
        found = Preprocess.of(**words)
    except TypeError as error:
        raise BadOption(f"The preprocessing {dict(given)} is not understood: {error}.", fix=f"{WAYS}.") from error
    if {"mean", "std"} <= set(given):
        return found
    return replace(found, source="given, with the mean and std of ImageNet assumed", assumed=True)


def _has(given: Any, name: str) -> bool:
    return name in given if isinstance(given, Mapping) else hasattr(given, name)
