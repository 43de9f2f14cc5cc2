"""Images that a network may be tried with when nobody has given one yet: their shapes, and noise to fill them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from ..inputs.preprocess import Preprocess

USUAL = (224, 32, 28, 64, 96, 299, 384)
FRAMES = 16
BATCH = 2  # rows differ strongly in the upper right quarter of the image, and faintly elsewhere
FAINT = 0.1


def sample_shapes(module: nn.Module, preprocess: Preprocess | None) -> list[tuple[int, ...]]:
    """Shapes (c, *space) to try, the most likely first: stated sizes, then usual ones."""
    channels, frames = _channels(module, preprocess)
    stated = [preprocess.input_size] if preprocess is not None and preprocess.input_size else []
    sizes = [*stated, *_stated(module), *((side, side) for side in USUAL)]
    return [(channels, *frames, *size) for size in dict.fromkeys(sizes)]


def _channels(module: nn.Module, preprocess: Preprocess | None) -> tuple[int, tuple[int, ...]]:
    first = next((part for part in module.modules() if isinstance(part, nn.Conv2d | nn.Conv3d)), None)
    stated = stated_frames(module) or (FRAMES if isinstance(first, nn.Conv3d) else None)
    frames = () if stated is None else (stated,)
    if preprocess is not None and preprocess.pace is not None:
        frames = (preprocess.pace.frames,)
    if preprocess is not None and not preprocess.any_range:
        return preprocess.channels, frames
    return (first.in_channels if first is not None else 3), frames


def stated_frames(module: nn.Module) -> int | None:
    """The number of frames that the configuration of a Hugging Face network, or the network itself, is built for."""
    for owner in (getattr(module, "config", None), module):
        for name in ("num_frames", "frames_per_clip"):
            if isinstance(getattr(owner, name, None), int):
                return int(getattr(owner, name))
    return None


def stated_size(module: nn.Module) -> tuple[int, int] | None:
    """The size that the network says it is built for."""
    return next(_stated(module), None)


def _stated(module: nn.Module) -> Iterator[tuple[int, int]]:
    """Sizes written on the modules themselves, then in the configurations of timm and Hugging Face."""
    for part in module.modules():
        for name in ("img_size", "image_size"):
            yield from _pair(getattr(part, name, None))
    timm: Any = getattr(module, "pretrained_cfg", None) or {}
    yield from _pair(tuple(timm.get("input_size", ()))[1:] if hasattr(timm, "get") else None)
    for name in ("image_size", "crop_size"):
        yield from _pair(getattr(getattr(module, "config", None), name, None))


def _pair(value: object) -> Iterator[tuple[int, int]]:
    if isinstance(value, int):
        yield value, value
    elif isinstance(value, tuple | list) and len(value) == 2 and all(isinstance(side, int) for side in value):
        yield value[0], value[1]


def noise(shape: tuple[int, ...], device: torch.device) -> Tensor:
    """Two images of noise (2, c, *space) in [0,1]: alike but for the upper right quarter."""
    first, second = torch.rand(BATCH, *shape, generator=torch.Generator().manual_seed(0))
    weight = torch.full(shape[1:], FAINT)
    weight[..., : (shape[-2] + 1) // 2, shape[-1] // 2 :] = 1
    return torch.stack([first, first + weight * (second - first)]).to(device)
