"""pytorch-grad-cam's call shapes: `from seewhy.compat.grad_cam import GradCAM` instead of `from pytorch_grad_cam …`."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..errors import BadOption, SeewhyWarning
from ..registry import find_method
from ..render.colour import colourise
from .asking import Asked, ask, refuse, targets_of

FACTORS = (0.9, 1.0, 1.1)  # by which aug_smooth multiplies the input, mirrored and not


@dataclass(frozen=True)
class ClassifierOutputTarget:
    """The output of one class."""

    category: int

    def __call__(self, model_output: Tensor) -> Tensor:
        return model_output[..., self.category]


class Cam:
    """One method behind `cam(input_tensor=…, targets=…)`: maps (b, h, w), each scaled to [0,1]."""

    method: ClassVar[str]

    def __init__(
        self,
        model: nn.Module,
        target_layers: Sequence[nn.Module | str],
        reshape_transform: Callable[..., Any] | None = None,
        **options: Any,
    ) -> None:
        refuse("reshape_transform", reshape_transform, "leave it out: how a layer reads as a map is found by itself.")
        self.model, self.layers, self.options = model, list(target_layers), options
        if not self.layers and self._reads_layers:
            raise BadOption("No target layer was given.", fix="give target_layers=[...], modules or names.")
        if self.layers and not self._reads_layers:
            words = f"{self.method} reads all biases of the network: target_layers is not used."
            warnings.warn(words, SeewhyWarning, stacklevel=2)

    def __enter__(self) -> Cam:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left on the model, and nothing that was raised inside is hidden."""

    def __call__(
        self,
        input_tensor: Tensor,
        targets: Sequence[Callable[[Tensor], Tensor]] | None = None,
        aug_smooth: bool = False,
        eigen_smooth: bool = False,
    ) -> NDArray[np.float32]:
        """The mean of the layers' maps, positive part, each scaled to [0,1] before and after."""
        refuse("eigen_smooth", eigen_smooth, "use aug_smooth=True, or EigenCAM.", neutral=False)
        asked = _asked(targets, len(input_tensor))
        if not aug_smooth:
            return self._maps(input_tensor, asked).numpy()
        views = itertools.product((False, True), FACTORS)
        found = [_mirrored(self._maps(_mirrored(input_tensor, flip) * by, asked), flip) for flip, by in views]
        return torch.stack(found).mean(dim=0).numpy()

    @property
    def _reads_layers(self) -> bool:
        return "layer" in find_method(self.method).options

    def _maps(self, images: Tensor, asked: Sequence[Asked]) -> Tensor:
        return _scaled(torch.stack(list(self._each(images, asked))).mean(dim=0))

    def _each(self, images: Tensor, asked: Sequence[Asked]) -> Iterator[Tensor]:
        sign = {"sign": "positive"} if "sign" in find_method(self.method).options else {}
        for own in [{"layer": layer} for layer in self.layers] if self._reads_layers else [{}]:
            found = ask(self.model, images, self.method, asked, {**self.options, **sign, **own}).values
            coarse = _scaled(found.cpu().clamp(min=0))
            yield functional.interpolate(coarse[:, None], images.shape[2:], mode="bilinear")[:, 0]


class GradCAM(Cam):
    """`grad-cam`."""

    method = "grad-cam"


class HiResCAM(Cam):
    """`hires-cam`."""

    method = "hires-cam"


class GradCAMPlusPlus(Cam):
    """`grad-cam++`."""

    method = "grad-cam++"


class XGradCAM(Cam):
    """`xgrad-cam`."""

    method = "xgrad-cam"


class AblationCAM(Cam):
    """`ablation-cam`."""

    method = "ablation-cam"


class ScoreCAM(Cam):
    """`score-cam`."""

    method = "score-cam"


class EigenCAM(Cam):
    """`eigen-cam`: its sign is turned to agree with the features."""

    method = "eigen-cam"


class EigenGradCAM(Cam):
    """`eigen-grad-cam`: its sign is turned to agree with what gradient times activation adds up to."""

    method = "eigen-grad-cam"


class LayerCAM(Cam):
    """`layer-cam`."""

    method = "layer-cam"


class FullGrad(Cam):
    """`full-grad`: all biases of the network, no layer."""

    method = "full-grad"


class FEM(Cam):
    """`fem`."""

    method = "fem"


class FinerCAM(Cam):
    """`finer-cam`."""

    method = "finer-cam"


def show_cam_on_image(
    img: NDArray[np.floating],
    mask: NDArray[np.floating],
    use_rgb: bool = False,
    colormap: int | None = None,
    image_weight: float = 0.5,
) -> NDArray[np.uint8]:
    """The photo in [0,1] under the map, 8-bit; in BGR order unless use_rgb, as theirs. Brightness is not stretched."""
    refuse("colormap", colormap, "leave it out: our colour map is even to the eye; or colour the map yourself.")
    if not 0 <= image_weight <= 1:
        raise BadOption(f"image_weight={image_weight!r} is not possible.", fix="give a number from 0 to 1.")
    if img.min() < 0 or img.max() > 1 or img.shape[:2] != mask.shape:
        problem = f"An image of {img.shape} from {img.min():.3g} to {img.max():.3g} does not fit a map of {mask.shape}."
        raise BadOption(problem, fix="give a float image (h, w, 3) in [0,1] and a map (h, w).")
    heat = colourise(mask, 1.0, False)[..., :3] / 255
    mixed = (1 - image_weight) * (heat if use_rgb else heat[..., ::-1]) + image_weight * img
    return np.asarray(np.rint(255 * mixed), np.uint8)


def _asked(targets: Any, count: int) -> list[Asked]:
    """Targets as theirs are: called with the outputs of one image."""
    if targets is None:
        return [None] * count
    return [one if isinstance(one, int) else _of(one) for one in targets_of(list(targets), count)]


def _of(target: Any) -> Asked:
    if type(target).__name__ == "ClassifierOutputTarget":  # ours, or theirs
        return int(target.category)

    def score(outputs: Tensor) -> Tensor:
        return torch.stack([target(row) for row in outputs])

    score.__name__ = type(target).__name__
    return score


def _scaled(maps: Tensor) -> Tensor:
    """Each map to [0,1]; one that is flat becomes 0."""
    low, high = maps.amin(dim=(1, 2), keepdim=True), maps.amax(dim=(1, 2), keepdim=True)
    spread = high - low
    return (maps - low) / spread.where(spread > 0, spread.new_ones(()))


def _mirrored(images: Tensor, wanted: bool) -> Tensor:
    return images.flip(-1) if wanted else images
