"""What arrays and tensors mean as images: which axis holds the colours, and in which range they lie."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..domain.picture import Picture
from ..errors import BadPixels

Values = NDArray[Any]
WITHIN = 1e-6  # how far a float may lie outside [0,1] by rounding


def numbers(thing: Values | Tensor) -> Values:
    """Any array or tensor as a finite, non-empty array in memory: floats become float32, others stay."""
    if isinstance(thing, Tensor):
        thing = thing.detach().cpu()
        values: Values = (thing.float() if thing.is_floating_point() else thing).numpy()
    else:
        values = thing.astype(np.float32) if np.issubdtype(thing.dtype, np.floating) else thing
    if values.dtype.kind not in "buif":
        raise BadPixels(f"The pixels are {values.dtype}, not numbers.", fix="give uint8, or float between 0 and 1.")
    if values.size == 0:
        raise BadPixels(f"The image has no pixels: its shape is {values.shape}.", fix="give at least one pixel.")
    if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).sum())
        raise BadPixels(
            f"{bad} of {values.size} values are NaN or infinite.",
            fix="repair or leave out this image; its explanation would mean nothing.",
        )
    return values


def as_image(thing: Values | Tensor) -> tuple[Values, list[str]]:
    """An image as (h, w, c) with 1, 3 or 4 channels, 8-bit or float in [0,1], and what was noted about it.

    A tensor is (c, h, w). An array is (h, w), (h, w, c) when its last axis can be colours, and otherwise (c, h, w).
    """
    values = numbers(thing)
    if isinstance(thing, np.ndarray) and values.ndim == 2:
        return unit_checked(values[:, :, None]), []
    if isinstance(thing, np.ndarray) and ends_in_colours(values):
        return unit_checked(values), read_as(values)
    if starts_with_colours(values):
        return unit_checked(values.transpose(1, 2, 0)), []
    wanted = "(c, h, w) with 1 or 3 channels" if isinstance(thing, Tensor) else "(h, w), (h, w, 3) or (3, h, w)"
    raise BadPixels(f"An image cannot have the shape {values.shape}.", fix=f"give {wanted}, one at a time.")


def as_tensor(thing: Values | Tensor) -> tuple[Tensor, list[str]]:
    """Values in any range, with any channels, as a tensor (c, h, w) or (c, t, h, w); arrays may end in colours."""
    values, notes = numbers(thing), []
    if isinstance(thing, np.ndarray) and values.ndim == 2:
        values = values[None]
    elif colours_last(values):
        if isinstance(thing, Tensor):
            problem = f"A tensor of shape {values.shape} has its colours last: it looks like frames, height, width, 3."
            raise BadPixels(problem, fix="give (c, t, h, w): clip.permute(3, 0, 1, 2).")
        notes = [f"shape {values.shape} read as frames, height, width, channels"]
        values = np.moveaxis(values, 3, 0)
    elif isinstance(thing, np.ndarray) and ends_in_colours(values):
        values, notes = values.transpose(2, 0, 1), read_as(values)
    if values.ndim not in (3, 4):
        raise BadPixels(f"An input cannot have the shape {values.shape}.", fix="give (c, h, w), or (c, t, h, w).")
    return torch.from_numpy(np.array(values, dtype=np.float32)), notes


def starts_with_colours(values: Values) -> bool:
    """Whether the first of three axes can be the colours."""
    return values.ndim == 3 and values.shape[0] in (1, 3)


def ends_in_colours(values: Values) -> bool:
    """Whether the last of three axes can be the colours."""
    return values.ndim == 3 and values.shape[2] in (1, 3, 4)


def colours_last(values: Values) -> bool:
    """Whether this can only be frames with their colours last: nobody has clips that are three pixels wide."""
    return values.ndim == 4 and values.shape[0] != 3 and values.shape[3] == 3 and min(values.shape[1:3]) > 3


def frames_first(values: Values | Tensor) -> bool:
    """Whether values (c, t, h, w) may rather be frames, then channels: many channels, of three frames."""
    return values.ndim == 4 and values.shape[0] > 4 and values.shape[1] == 3


def read_as(values: Values) -> list[str]:
    """A note when the axes could have been read the other way, too."""
    return [f"shape {values.shape} read as height, width, channels"] if starts_with_colours(values) else []


def unit_checked(image: Values) -> Values:
    """8-bit pixels, or float pixels in [0,1], as they are; anything else is refused."""
    if image.dtype == np.uint8:
        return image
    low, high = float(image.min()), float(image.max())
    if not np.issubdtype(image.dtype, np.floating):
        raise BadPixels(
            f"The pixels are {image.dtype} (values from {low:g} to {high:g}), which has no fixed range.",
            fix="convert to uint8 (0 to 255), or to float between 0 and 1.",
        )
    if low < -WITHIN or high > 1 + WITHIN:
        raise BadPixels(
            f"Float pixels lie between 0 and 1, these from {low:.4g} to {high:.4g}.",
            fix="divide by 255, or pass already-normalised tensors with preprocess=Preprocess.plain().",
        )
    return image


def unit(image: Values) -> NDArray[np.float32]:
    """8-bit or float pixels between 0 and 1."""
    scale = np.float32(255 if image.dtype == np.uint8 else 1)
    return image.astype(np.float32) / scale


def picture_of_array(image: Values, *, name: str, notes: list[str]) -> Picture:
    """The picture of a checked (h, w, c) image."""
    pixels = unit(image)
    if image.shape[2] == 4:
        alpha = pixels[:, :, 3:]
        notes = [*notes, "transparent parts laid on white"] if alpha.min() < 1 else notes
        pixels = pixels[:, :, :3] * alpha + (1 - alpha)
    return Picture(_eight_bit(pixels), name=name, notes=tuple(notes))


def view_of(pixels: Tensor, *, name: str) -> Picture:
    """A picture for people of a tensor in any range: (c, h, w), or the middle frame of (c, t, h, w)."""
    notes = []
    if pixels.ndim == 4:
        notes.append(f"drawn on frame {pixels.shape[1] // 2 + 1} of {pixels.shape[1]}")
        pixels = pixels[:, pixels.shape[1] // 2]
    shown = pixels[:3] if len(pixels) >= 3 else pixels[:1]
    if len(shown) != len(pixels):
        notes.append(f"drawn from the first {len(shown)} of {len(pixels)} channels")
    low, high = float(shown.min()), float(shown.max())
    if low < -WITHIN or high > 1 + WITHIN:
        notes.append(f"drawn from the smallest value ({low:.4g}, black) to the largest ({high:.4g}, white)")
    shown = in_range(shown)
    return Picture(_eight_bit(shown.permute(1, 2, 0).numpy()), name=name, notes=tuple(notes))


def in_range(pixels: Tensor) -> Tensor:
    """Pixels between 0 and 1 as they are, others stretched from their smallest value to their largest."""
    low, high = float(pixels.min()), float(pixels.max())
    if low >= -WITHIN and high <= 1 + WITHIN:
        return pixels
    return (pixels - low) / max(high - low, torch.finfo(torch.float32).tiny)


def _eight_bit(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    eight = np.rint(pixels.clip(0, 1) * 255).astype(np.uint8)  # clips no more than rounding, as checked before
    return np.repeat(eight, 3, axis=2) if eight.shape[2] == 1 else eight
