"""The preprocessing that Hugging Face keeps in an image or video processor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

from PIL import Image

from ..domain.geometry import Size
from ..errors import UnknownPreprocessing
from .pace import USUAL, Pace
from .preprocess import Preprocess

# Processors that do something no field of their configuration says.
PECULIAR = ("levit", "perceiver", "fuyu", "owlv2", "pixtral", "dpt", "glpn", "vilt", "bridgetower", "poolformer")
# Processors for which a bare number (old configurations) is the shorter side; for all others it is a square.
SHORTER = ("clip", "convnext", "mobilenet", "mobilevit", "bit", "chameleon")
VIDEO = ("video", "vivit", "timesformer", "vjepa")


def of_huggingface(processor: Any) -> Preprocess:
    """From an image or video processor, or from the content of its `preprocessor_config.json`."""
    config = processor if isinstance(processor, Mapping) else processor.to_dict()
    names = ("video_processor_type", "image_processor_type", "feature_extractor_type")
    kind = next((str(config[name]) for name in names if config.get(name)), "")
    _refuse_what_is_not_modelled(config, kind)
    mean, std = _statistics(config, kind)
    resample = config.get("resample", config.get("interpolation", 2))
    interpolation: Any = Image.Resampling(resample if resample is not None else 2).name.lower()
    found = Preprocess(
        interpolation=interpolation,
        mean=mean,
        std=std,
        rounding="down",  # of an odd margin; torchvision rounds to even
        source=f"Hugging Face {kind or 'image processor'}",
        pace=_pace(config, kind),
    )
    if config.get("do_resize", True):
        found = _with_resize(found, config, kind)
    if config.get("do_center_crop") and config.get("crop_size"):
        found = replace(found, crop=_pair(config["crop_size"], config))
    return found


def _pace(config: Mapping[str, Any], kind: str) -> Pace | None:
    """The frames of a video processor; few of them say how many, the network's configuration does."""
    if not any(name in kind.lower() for name in VIDEO):
        return None
    if config.get("fps"):
        return Pace(config.get("num_frames") or USUAL, "dense", rate=config["fps"])
    return Pace(config.get("num_frames") or USUAL)


def _refuse_what_is_not_modelled(config: Mapping[str, Any], kind: str) -> None:
    if any(name in kind.lower() for name in PECULIAR):
        _refuse(f"{kind} does more than its configuration says.")
    if config.get("do_flip_channel_order"):
        _refuse(f"{kind or 'The image processor'} wants blue, green, red (do_flip_channel_order).")
    if config.get("do_pad"):
        _refuse(f"{kind or 'The image processor'} pads (do_pad).")


def _statistics(config: Mapping[str, Any], kind: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and std for pixels in [0,1], whatever range the processor rescales to."""
    normal = config.get("do_normalize", True)
    mean = _numbers(config.get("image_mean") if normal else None, 0.0)
    std = _numbers(config.get("image_std") if normal else None, 1.0)
    squared = "efficientnet" in kind.lower() and config.get("include_top", True)
    if squared:  # EfficientNet's processor divides by the std once more
        std = tuple(s * given for s, given in zip(std, _numbers(config.get("image_std"), 1.0), strict=False))
    factor = 255 * (config.get("rescale_factor", 1 / 255) if config.get("do_rescale", True) else 1)
    offset = config.get("rescale_offset") or config.get(
        "offset", "vivit" in kind.lower()
    )  # ViViT's, unless told not to
    shift = 1.0 if offset and config.get("do_rescale", True) else 0.0
    if abs(factor - 1) < 1e-6 and not shift:
        return mean, std
    return tuple((m + shift) / factor for m in mean), tuple(s / factor for s in std)


def _with_resize(found: Preprocess, config: Mapping[str, Any], kind: str) -> Preprocess:
    size = config.get("size")
    if isinstance(size, Mapping) and size.get("longest_edge") is not None:
        _refuse(f"{kind or 'The image processor'} limits the longer side: size {dict(size)}.")
    square = not any(name in kind.lower() for name in SHORTER)
    short = size.get("shortest_edge") if isinstance(size, Mapping) else size
    if not isinstance(short, int) or (not isinstance(size, Mapping) and config.get("default_to_square", square)):
        return replace(found, resize="exact", size=_pair(size, config))
    if "convnext" not in kind.lower():
        return replace(found, resize="short", size=(short,))
    # ConvNeXt crops small inputs and stretches large ones.
    if short >= 384:
        return replace(found, resize="exact", size=(short, short))
    return replace(
        found, resize="short", size=(int(short / (config.get("crop_pct") or 224 / 256)),), crop=(short, short)
    )


def _pair(size: Any, config: Mapping[str, Any]) -> Size:
    if isinstance(size, int):
        return size, size
    if isinstance(size, Mapping) and size.get("height") and size.get("width"):
        return size["height"], size["width"]
    if isinstance(size, list | tuple) and len(size) == 2:
        return size[0], size[1]
    _refuse(f"The size {size!r} of the image processor is neither height and width nor a shortest edge.")


def _numbers(given: Any, otherwise: float) -> tuple[float, ...]:
    if given is None:
        return (otherwise,)
    return tuple(given) if isinstance(given, list | tuple) else (float(given),)


def _refuse(problem: str) -> NoReturn:
    raise UnknownPreprocessing(problem, fix="pass preprocess=Preprocess.of(...), or tensors with Preprocess.plain().")
