"""What absent looks like: the pixels, or the silence, that stand in for a part that is taken away."""

from __future__ import annotations

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..errors import BadOption, MissingPackage
from .blend import blended
from .ranges import whole
from .shapes import Masks

Fill = Float[Tensor, "draws c *space"]


class Baseline(ABC):
    """A way to make parts of an image absent."""

    adaptive: ClassVar[bool] = False  # the fill depends on what is still there
    moves: ClassVar[bool] = False  # what is kept is shown elsewhere, too
    tokens: ClassVar[bool] = False  # parts are left out of the sequence instead of being painted over
    shortens: ClassVar[bool] = False  # frames are left out of the clip

    @abstractmethod
    def fill(self, image: Float[Tensor, "c *space"]) -> Fill:
        """The pixels of the all-absent image, one per draw."""

    def complete(self, image: Float[Tensor, "c *space"], masks: Masks) -> Float[Tensor, "n c *space"]:
        """The pixels to show where a mask removes, given what it keeps (adaptive baselines)."""
        return self.fill(image).expand(len(masks), *image.shape)

    def shown(self, image: Float[Tensor, "c *space"], masks: Masks) -> Float[Tensor, "n c *space"]:
        """The image with what each mask removes made absent (adaptive baselines)."""
        return blended(image, masks, self.complete(image, masks))

    @property
    def fills(self) -> int:
        """Fills to average over; each costs a model call per coalition."""
        return 1

    @property
    def digest(self) -> str:
        return repr(self)


@dataclass(frozen=True)
class Colour(Baseline):
    """One colour: a grey level, an RGB triple in [0,1], or '#rrggbb'."""

    value: float | tuple[float, ...] | str = 0.0

    def fill(self, image: Tensor) -> Fill:
        levels = image.new_tensor(self._levels()).reshape(-1, *[1] * (image.ndim - 1))
        if levels.shape[0] not in (1, image.shape[0]):
            raise BadOption(
                f"The colour {self.value!r} does not fit {image.shape[0]} channels.", fix="give one grey level."
            )
        return levels.expand(image.shape)[None].clone()

    def _levels(self) -> tuple[float, ...]:
        if isinstance(self.value, str):
            named = {"black": "#000000", "white": "#ffffff", "grey": "#808080"}.get(self.value, self.value)
            try:
                levels = tuple(int(named[i : i + 2], 16) / 255 for i in (1, 3, 5))
            except ValueError as error:
                raise BadOption(
                    f"{self.value!r} is not a colour.", fix="write it like #808080, or black, white, grey."
                ) from error
        else:
            levels = self.value if isinstance(self.value, tuple) else (float(self.value),)
        return levels[:1] if len(set(levels)) == 1 else levels  # a grey is one level, however many channels there are


@dataclass(frozen=True)
class Mean(Baseline):
    """The image's own mean colour."""

    def fill(self, image: Tensor) -> Fill:
        mean = image.flatten(1).mean(dim=1).reshape(-1, *[1] * (image.ndim - 1))
        return mean.expand(image.shape)[None].clone()


@dataclass(frozen=True)
class Blur(Baseline):
    """The image itself, blurred; `sigma` is a share of its shorter side."""

    sigma: float = 0.1

    def fill(self, image: Tensor) -> Fill:
        height, width = image.shape[-2:]
        sigma = self.sigma * min(height, width)
        if sigma <= 0:
            raise BadOption(f"A blur of sigma={self.sigma} changes nothing.", fix="use a value above 0, such as 0.1.")
        return blurred(blurred(image, sigma).transpose(-1, -2), sigma).transpose(-1, -2)[None]


def blurred(values: Float[Tensor, "*rows size"], sigma: float) -> Float[Tensor, "*rows size"]:
    """Values averaged along the last axis with a Gaussian, mirrored at the borders."""
    size = values.shape[-1]
    radius = min(math.ceil(3 * sigma), 4 * size)
    offsets = torch.arange(-radius, radius + 1, device=values.device, dtype=values.dtype)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    index = torch.arange(-radius, size + radius, device=values.device) % (2 * size)
    index = torch.where(index < size, index, 2 * size - 1 - index)
    planes = values.reshape(-1, 1, values.shape[-2], size)[..., index]
    return functional.conv2d(planes, (kernel / kernel.sum()).reshape(1, 1, 1, -1)).reshape(values.shape)


@dataclass(frozen=True)
class Noise(Baseline):
    """Uniform colour noise, the mean score over `draws` seeded fills."""

    draws: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        whole("draws", self.draws)
        whole("seed", self.seed, least=0)

    @property
    def fills(self) -> int:
        return self.draws

    def fill(self, image: Tensor) -> Fill:
        generator = torch.Generator().manual_seed(self.seed)
        return torch.rand(self.draws, *image.shape, generator=generator).to(image)


@dataclass(frozen=True, eq=False)
class Sample(Baseline):
    """Pixels of other images from the data, the mean score over them; (k, c, *space) in image space."""

    images: NDArray[Any] | Tensor

    @property
    def fills(self) -> int:
        return len(self.images)

    @property
    def digest(self) -> str:
        pixels = np.ascontiguousarray(torch.as_tensor(self.images).cpu())
        return "Sample:" + hashlib.blake2b(pixels.tobytes(), digest_size=16).hexdigest()

    def fill(self, image: Tensor) -> Fill:
        given = torch.as_tensor(self.images).to(image)
        if given.shape[1:] != image.shape or not len(given):
            raise BadOption(
                f"The sample images have shape {tuple(given.shape)}, the model's input {tuple(image.shape)}.",
                fix=f"give images of shape (k, {', '.join(map(str, image.shape))}) in [0,1].",
            )
        return given


@dataclass(frozen=True)
class Inpaint(Baseline):
    """What a smooth continuation of the rest would show; the mean colour when nothing is left."""

    adaptive: ClassVar[bool] = True
    levels: int = 8

    def __post_init__(self) -> None:
        whole("levels", self.levels, least=0)

    def fill(self, image: Tensor) -> Fill:
        return Mean().fill(image)

    def complete(self, image: Tensor, masks: Masks) -> Tensor:
        """Push–pull: average what is known on ever coarser grids, then fill the holes from coarse to fine."""
        mean = self.fill(image)[0].flatten(1)[:, 0].reshape(1, -1, 1, 1)
        return by_frame(image, masks, lambda pixels, known: _pull(pixels * known, known, self.levels, mean))


def by_frame(image: Tensor, masks: Masks, complete: Callable[[Tensor, Tensor], Tensor]) -> Float[Tensor, "n c *space"]:
    """`complete(pixels, keep)` for the image, or for each frame of a clip by itself, as it shows through each mask."""
    keep = masks.to(image.dtype)[:, None]
    if image.ndim == 3:
        return complete(image[None].expand(len(masks), *image.shape), keep)
    frames = complete(image.transpose(0, 1).repeat(len(masks), 1, 1, 1), keep.transpose(1, 2).flatten(0, 1))
    return frames.reshape(len(masks), image.shape[1], *frames.shape[1:]).transpose(1, 2)


def _pull(weighted: Tensor, known: Tensor, levels: int, nothing: Tensor) -> Tensor:
    here = weighted / known.clamp(min=1e-6)
    if levels == 0 or max(weighted.shape[-2:]) == 1:
        return torch.where(known > 0, here, nothing)
    coarse, seen = (functional.avg_pool2d(t, 2, ceil_mode=True, count_include_pad=False) for t in (weighted, known))
    below = functional.interpolate(
        _pull(coarse, seen, levels - 1, nothing), size=weighted.shape[-2:], mode="bilinear", align_corners=False
    )
    return torch.where(known >= 1, here, torch.where(known > 0, known * here + (1 - known) * below, below))


@dataclass(frozen=True)
class Nearest(Baseline):
    """The nearest pixel that is still there; the mean colour when nothing is left."""

    adaptive: ClassVar[bool] = True

    def fill(self, image: Tensor) -> Fill:
        return Mean().fill(image)

    def complete(self, image: Tensor, masks: Masks) -> Tensor:
        try:
            from scipy.ndimage import distance_transform_edt
        except ImportError as error:
            raise MissingPackage("The nearest baseline needs SciPy.", fix="pip install 'seewhy[regions]'") from error
        out = self.fill(image).expand(len(masks), *image.shape).clone()
        for row, mask in zip(out, masks.cpu().numpy() > 0.5, strict=True):
            if mask.any():
                nearest = distance_transform_edt(~mask, return_distances=False, return_indices=True)
                row[:] = image[(slice(None), *torch.from_numpy(nearest.astype(np.int64)).to(image.device))]
        return out


@dataclass(frozen=True)
class Dropped(Baseline):
    """Nothing at all: the patches are left out of a vision transformer's sequence."""

    tokens: ClassVar[bool] = True

    def fill(self, image: Tensor) -> Fill:
        raise BadOption("Dropped tokens have no pixels.", fix="use a colour, blur or noise as baseline here.")
