"""How a network wants its input: resize, crop and colour statistics, and where that knowledge came from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from ..domain.geometry import Geometry, Size
from ..domain.picture import Picture
from ..errors import BadOption
from .decode import check_size
from .pace import Pace
from .resize import Place, Resize, Rounding, centred, resized_size

Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Preprocess:
    """From an upright photo, or a frame, to the model's input in [0,1]; the model itself normalises."""

    resize: Resize = "none"  # short: that side to n; cover or letterbox: just around or just inside (h, w)
    size: tuple[int, ...] = ()  # (n,) for short, (h, w) for the others, () for none
    crop: Size | None = None  # centre crop; a smaller image is padded with `fill`
    interpolation: Interpolation = "bilinear"
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    channels: int = 3
    fill: tuple[int, ...] = (0, 0, 0)  # 8-bit colour of padding
    rounding: Rounding = "even"  # of a centre crop that is half a pixel off
    any_range: bool = False  # tensors are taken exactly as they are
    antialias: bool = True  # False: reduced as torchvision reduces videos, without a filter
    pace: Pace | None = None  # of a model that sees clips
    source: str = "given"
    assumed: bool = False

    def __post_init__(self) -> None:
        _check("resize", self.resize, get_args(Resize))
        _check("interpolation", self.interpolation, get_args(Interpolation))
        _check("channels", self.channels, (1, 3))
        sides = {"none": 0, "short": 1}.get(self.resize, 2)
        if len(self.size) != sides or any(side < 1 for side in (*self.size, *(self.crop or ()))):
            raise BadOption(
                f"The sizes {self.size} and {self.crop} do not fit resize={self.resize!r}.",
                fix=f"give {sides} positive sizes to resize to, and None or (height, width) to crop.",
            )
        if not self.antialias and self.interpolation not in ("bilinear", "bicubic"):
            problem = f"{self.interpolation} resizing knows no antialias=False."
            raise BadOption(problem, fix="use bilinear or bicubic, or leave antialias as it is.")
        if {len(self.mean), len(self.std)} - {1, self.channels} or not all(self.std):
            raise BadOption(
                f"The mean {self.mean} and std {self.std} do not fit {self.channels} channels.",
                fix="give one number, or one per channel, and no std of zero.",
            )

    # -- where it comes from

    @staticmethod
    def of(
        *,
        size: int | Size = 224,
        mean: float | tuple[float, ...] = IMAGENET_MEAN,
        std: float | tuple[float, ...] = IMAGENET_STD,
        crop_pct: float | None = 0.875,
        interpolation: Interpolation = "bilinear",
        channels: int = 3,
        source: str = "given",
        pace: Pace | None = None,
    ) -> Preprocess:
        """Resize so that the centre crop keeps `crop_pct` of the shorter side; None stretches without a crop."""
        crop = (size, size) if isinstance(size, int) else size
        mean, std = ((v,) * channels if isinstance(v, int | float) else tuple(v) for v in (mean, std))
        if channels == 1 and len(mean) == len(std) == 3:
            mean, std = (sum(mean) / 3,), (sum(std) / 3,)
        rest = Preprocess(interpolation=interpolation, mean=mean, std=std, channels=channels, source=source, pace=pace)
        if crop_pct is None:
            return replace(rest, resize="exact", size=crop)
        around = tuple(math.floor(side / crop_pct) for side in crop)
        if crop[0] == crop[1]:
            return replace(rest, resize="short", size=around[:1], crop=crop)
        return replace(rest, resize="cover", size=around, crop=crop)

    @staticmethod
    def plain() -> Preprocess:
        """Tensors exactly as they are, in any range and with any channels; photos as [0,1] in their own size."""
        return Preprocess(any_range=True, source="tensors as they are")

    @staticmethod
    def from_timm(given: object) -> Preprocess:
        """From a timm model or its `pretrained_cfg`."""
        from .families import of_timm

        return of_timm(given)

    @staticmethod
    def from_torchvision(transforms: object) -> Preprocess:
        """From `weights.transforms()` of a torchvision classifier, or from the weights themselves."""
        from .families import of_torchvision

        return of_torchvision(transforms)

    @staticmethod
    def from_huggingface(processor: object) -> Preprocess:
        """From a Hugging Face image processor, or from the content of its `preprocessor_config.json`."""
        from .huggingface import of_huggingface

        return of_huggingface(processor)

    # -- what it does

    @property
    def input_size(self) -> Size | None:
        """The one size that the model is given; None when it follows the photo."""
        if self.crop:
            return self.crop
        return (self.size[0], self.size[1]) if self.resize in ("exact", "letterbox") else None

    def keeps(self, size: Size) -> bool:
        """Whether pixels of this size are the model's input already."""
        return size == (self.input_size or resized_size(size, self.resize, self.size))

    def __call__(self, picture: Picture, *, place: Place = "centre") -> tuple[Tensor, Geometry]:
        """The model's input (c, h, w) in [0,1], and where it lies on the photo; `place` is where a crop is taken."""
        image = Image.fromarray(picture.pixels)
        if self.channels == 1:
            image = image.convert("L")
        resized = resized_size(picture.size, self.resize, self.size)
        check_size(resized, f"{picture.name!r} of {_by(picture.size)} pixels, resized to {_by(resized)},")
        geometry = Geometry.identity(picture.size).resized(resized)
        image = self._resized(image, geometry.model)
        target = self.crop or (self.input_size if self.resize == "letterbox" else None)
        if target:
            fill = self.fill if self.channels == 3 else round(sum(self.fill) / 3)
            image, geometry = centred(image, geometry, target, fill=fill, rounding=self.rounding, place=place)
        pixels = np.array(image, dtype=np.float32).reshape(*geometry.model, -1) / 255
        return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))), geometry

    def _resized(self, image: Image.Image, size: Size) -> Image.Image:
        if self.antialias:
            return image.resize(size[::-1], Image.Resampling[self.interpolation.upper()])
        pixels = torch.from_numpy(np.array(image, dtype=np.float32).reshape(*image.size[::-1], -1)).permute(2, 0, 1)
        small = interpolate(pixels[None], size, mode=self.interpolation, align_corners=False)[0]
        return Image.fromarray(small.round().clamp(0, 255).byte().permute(1, 2, 0).numpy().squeeze())

    def normalise(self, images: Tensor) -> Tensor:
        """(x - mean) / std over (b, c, *space), on any device and with gradients."""
        if set(self.mean) == {0.0} and set(self.std) == {1.0}:
            return images
        mean, std = (images.new_tensor(s).view(-1, *[1] * (images.ndim - 2)) for s in (self.mean, self.std))
        return (images - mean) / std

    # -- words and files

    def describe(self) -> str:
        """One sentence."""
        size = _by(self.size)
        resize = {
            "short": f"Shorter side to {size} ({self.interpolation})",
            "cover": f"Resized to cover {size} ({self.interpolation})",
            "exact": f"Resized to {size} ({self.interpolation})",
            "letterbox": f"Fitted into {size} ({self.interpolation}) with borders of colour {self.fill}",
            "none": "In its own size",
        }[self.resize]
        crop = f", centre crop {_by(self.crop)}" if self.crop else ""
        colour = ", grey" if self.channels == 1 else ""
        pace = f"{self.pace.describe()}. " if self.pace else ""
        return f"{pace}{resize}{crop}{colour}, mean {_short(self.mean)}, std {_short(self.std)}; from: {self.source}."

    def to_json(self) -> dict[str, Any]:
        """Plain data for manifests."""
        data = {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}
        return data | {"pace": None if self.pace is None else self.pace.to_json()}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Preprocess:
        """What `to_json` wrote."""
        fields: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in data.items()}
        pace = fields.pop("pace", None)
        return Preprocess(**fields, pace=None if pace is None else Pace.from_json(pace))


def _check(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise BadOption(f"Preprocessing has no {name} {value!r}.", fix=f"use one of {', '.join(map(str, allowed))}.")


def _by(size: tuple[int, ...]) -> str:
    return "x".join(map(str, size))


def _short(numbers: tuple[float, ...]) -> str:
    return "/".join(f"{number:.4g}" for number in numbers)


IMAGENET = replace(Preprocess.of(), source="assumed: ImageNet", assumed=True)
