"""Frames that were given one by one, or that lie in an animated image, as footage."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ..domain.footage import Footage
from ..domain.picture import Picture
from ..errors import BadOption, BadPixels
from .arrays import as_image, ends_in_colours, numbers, picture_of_array, unit_checked
from .decode import FORMATS, check_opened, damage_refused, file_digest, found, picture_of

LAZY = 0.1  # seconds that programs show a frame for which a GIF asks less than ...
LEAST = 0.011  # ... this
COLOURS = {3: (1, 3, 4), 1: (1, 3), 0: (1, 3)}  # how many an axis can hold; the first that fits is taken
ORDERS = {
    3: "frames, height, width, channels",
    1: "frames, channels, height, width",
    0: "channels, frames, height, width",
}


class StillFrames(Footage):
    """Pictures of one size; `fps` gives them times."""

    def __init__(self, pictures: Sequence[Callable[[], Picture]], *, name: str, fps: float | None = None) -> None:
        if not pictures:
            raise BadPixels(f"{name!r} has no frames.", fix="give at least one frame.")
        if fps is not None and not fps > 0:
            raise BadOption(f"fps={fps!r} is no frame rate.", fix="give frames per second, or None to count frames.")
        self._pictures, self.name = pictures, name
        first = pictures[0]()
        self.size, self.notes = first.size, tuple(note for note in first.notes if not note.startswith("first of"))
        self.unit = "frames" if fps is None else "s"
        self.times = np.arange(len(pictures)) / (fps or 1.0)
        self.end = len(pictures) / (fps or 1.0)

    def frames(self, wanted: Sequence[int]) -> Iterator[NDArray[np.uint8]]:
        for number in wanted:
            picture = self._pictures[number]()
            if picture.size != self.size:
                raise BadPixels(
                    f"Frame {number} of {self.name!r} has the size {picture.size}, the first one {self.size}.",
                    fix="give frames of one size.",
                )
            yield picture.pixels

    @cached_property
    def digest(self) -> str:
        whole = hashlib.sha256(repr(self.size).encode())
        for pixels in self.frames(range(len(self))):
            whole.update(pixels.tobytes())
        return whole.hexdigest()


class AnimatedImage(Footage):
    """The frames of an animated GIF, with the times that it gives them."""

    def __init__(self, path: Path) -> None:
        found(path, "a clip")
        self.path, self.name = path, path.name
        seconds = self._durations()
        if any(each < LEAST for each in seconds):
            self.notes = (f"frames without a duration are shown for {LAZY:g} s",)
            seconds = [each if each >= LEAST else LAZY for each in seconds]
        edges = np.concatenate([[0.0], np.cumsum(seconds)])
        self.times, self.end = edges[:-1], float(edges[-1])

    def _durations(self) -> list[float]:
        seconds = []
        with self._open() as image:
            self.size = (image.height, image.width)
            for number in range(getattr(image, "n_frames", 1)):
                image.seek(number)
                seconds.append(float(image.info.get("duration", 0)) / 1000)
        return seconds

    def frames(self, wanted: Sequence[int]) -> Iterator[NDArray[np.uint8]]:
        with self._open() as image:
            for number in wanted:
                image.seek(number)
                yield picture_of(image.copy()).pixels

    @contextmanager
    def _open(self) -> Iterator[Image.Image]:
        shown = repr(str(self.path))
        with damage_refused(shown, self.path), Image.open(self.path, formats=FORMATS) as image:
            check_opened(image, shown)
            yield image

    @cached_property
    def digest(self) -> str:
        return file_digest(self.path)


def footage_of_frames(frames: Any, *, name: str, fps: float | None) -> StillFrames:
    """From an array or tensor of frames, or a list of PIL images or arrays."""
    if isinstance(frames, np.ndarray | Tensor):
        stack, notes = stacked(frames)
        if stack.dtype != np.uint8:
            notes.append("float pixels rounded to 8 bits")
        made = StillFrames([_of_array(stack, i) for i in range(len(stack))], name=name, fps=fps)
        made.notes = (*notes, *made.notes)
        return made
    if not isinstance(frames, list | tuple):
        raise BadPixels(
            f"A {type(frames).__name__} cannot be read as a clip.",
            fix="give a path, an array (t, h, w, 3), a tensor, or a list of images.",
        )
    return StillFrames([_of_one(frame, i, name) for i, frame in enumerate(frames)], name=name, fps=fps)


def stacked(frames: NDArray[Any] | Tensor) -> tuple[NDArray[Any], list[str]]:
    """Frames as (t, h, w, c) with 1, 3 or 4 channels, and how the axes were read."""
    stack: NDArray[Any] = frames.detach().cpu().numpy() if isinstance(frames, Tensor) else frames
    if stack.ndim == 3 and not ends_in_colours(stack):
        return stack[..., None], [f"shape {stack.shape} read as frames, height, width"]
    if stack.ndim == 4:
        fits = [axis for axis, colours in COLOURS.items() if stack.shape[axis] in colours]
        if fits:
            words = f"shape {stack.shape} read as {ORDERS[fits[0]]}"
            return np.moveaxis(stack, fits[0], 3), [] if fits == [3] else [words]
    raise BadPixels(
        f"A clip cannot have the shape {stack.shape}: no axis can be its colours.",
        fix="give frames, height, width and 3 colours: (t, h, w, 3).",
    )


def _of_array(stack: NDArray[Any], number: int) -> Callable[[], Picture]:
    return lambda: picture_of_array(unit_checked(numbers(stack[number])), name=f"frame {number}", notes=[])


def _of_one(frame: Any, number: int, name: str) -> Callable[[], Picture]:
    if isinstance(frame, Picture):
        return lambda: frame
    if isinstance(frame, Image.Image):
        return lambda: picture_of(frame)
    if isinstance(frame, np.ndarray | Tensor):
        return lambda: picture_of_array(as_image(frame)[0], name=f"frame {number}", notes=[])
    raise BadPixels(
        f"Frame {number} of {name!r} is a {type(frame).__name__}.", fix="give PIL images, arrays or tensors."
    )
