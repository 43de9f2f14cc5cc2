"""Where the model's input lies on the original photo or clip, and how maps travel between the two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .resample import sampled
from .timeline import Timeline

Size = tuple[int, int]  # height, width
Box = tuple[float, float, float, float]  # top, left, bottom, right


@dataclass(frozen=True)
class Geometry:
    """An axis-aligned map in pixel-edge coordinates, model = original * scale + offset, and the frames of a clip."""

    original: Size
    model: Size
    scale: tuple[float, float]
    offset: tuple[float, float]
    steps: tuple[str, ...] = ()  # what was done, in words
    time: Timeline | None = None  # of a clip

    @staticmethod
    def identity(size: Size) -> Geometry:
        """The model sees the photo pixel for pixel."""
        return Geometry(size, size, (1.0, 1.0), (0.0, 0.0))

    # -- what preprocessing does

    def resized(self, new: Size) -> Geometry:
        """Stretched to a new size."""
        if new == self.model:
            return self
        fy, fx = new[0] / self.model[0], new[1] / self.model[1]
        scale = (self.scale[0] * fy, self.scale[1] * fx)
        offset = (self.offset[0] * fy, self.offset[1] * fx)
        step = f"resized {_by(self.model)} to {_by(new)}"
        return replace(self, model=new, scale=scale, offset=offset, steps=(*self.steps, step))

    def cropped(self, top: int, left: int, height: int, width: int, *, how: str = "crop") -> Geometry:
        """Only a window inside what the model saw so far."""
        if (height, width) == self.model:
            return self
        if top < 0 or left < 0 or top + height > self.model[0] or left + width > self.model[1]:
            raise ValueError(f"the window {(top, left, height, width)} is not inside {_by(self.model)}; pad first")
        offset = (self.offset[0] - top, self.offset[1] - left)
        step = f"{how} {_by((height, width))}"
        return replace(self, model=(height, width), offset=offset, steps=(*self.steps, step))

    def padded(self, top: int, left: int, bottom: int, right: int) -> Geometry:
        """With a border that is no part of the photo."""
        if not any((top, left, bottom, right)):
            return self
        self._refuse_padding_over_a_crop(top, left, bottom, right)
        model = (self.model[0] + top + bottom, self.model[1] + left + right)
        offset = (self.offset[0] + top, self.offset[1] + left)
        step = f"padded by {top} above, {left} left, {bottom} below, {right} right"
        return replace(self, model=model, offset=offset, steps=(*self.steps, step))

    def _refuse_padding_over_a_crop(self, *sides: int) -> None:
        # One scale and offset cannot tell a border from the part that was cut away behind it.
        top, left = self.offset
        bottom, right = (self.model[i] - (self.offset[i] + self.original[i] * self.scale[i]) for i in (0, 1))
        if any(pad > 0 and beyond < -1e-6 for pad, beyond in zip(sides, (top, left, bottom, right), strict=True)):
            raise ValueError("a side that was cropped cannot be padded afterwards")

    # -- what the model looked at

    @property
    def pixels(self) -> tuple[int, ...]:
        """The shape of the original as far as the model saw its frames: (H, W), or (t, H, W)."""
        return self.original if self.time is None else (len(self.time), *self.original)

    @property
    def seen(self) -> Box:
        """The part of the photo that the model looked at, in original pixels."""
        top, left, bottom, right = self.box_to_original(0, 0, *self.model)
        height, width = self.original
        return max(top, 0.0), max(left, 0.0), min(bottom, float(height)), min(right, float(width))

    def seen_mask(self) -> NDArray[np.bool_]:
        """True for the original pixels whose centre the model looked at."""
        mask = np.zeros(self.original, dtype=bool)
        mask[self._seen(0), self._seen(1)] = True
        return mask

    def _seen(self, axis: int) -> slice:
        centres = np.arange(self.original[axis]) + 0.5
        # Nudged, so that rounding in scale and offset cannot lose a centre that lies exactly on the edge.
        low, high = self.seen[axis] - 1e-9, self.seen[axis + 2] - 1e-9
        return slice(int(np.searchsorted(centres, low)), int(np.searchsorted(centres, high)))

    # -- back to the photo

    def point_to_original(self, y: float, x: float) -> tuple[float, float]:
        """A point in model-pixel coordinates (0 is the outer edge of the first pixel) on the photo."""
        return (y - self.offset[0]) / self.scale[0], (x - self.offset[1]) / self.scale[1]

    def box_to_original(self, top: float, left: float, bottom: float, right: float) -> Box:
        """A box in model-pixel coordinates on the photo; it may reach beyond it where the input was padded."""
        return *self.point_to_original(top, left), *self.point_to_original(bottom, right)

    def to_original(
        self, values: NDArray[Any], *, blocky: bool = False, frame: int | None = None
    ) -> NDArray[np.float32]:
        """A map (..., gh, gw) that covers the model's input, on the photo's pixels (..., H, W); NaN where not seen.

        Smooth maps are interpolated linearly; blocky maps keep the sharp borders of their cells. Of a clip a map
        (..., cells, gh, gw) comes back on all frames that the model saw, (..., t, H, W), or on one, (..., H, W).
        """
        if self.time is not None:
            values = self.time.on_frames(values, blocky=blocky, frame=frame)
            values = values if frame is None else values[..., 0, :, :]
        out = np.full((*values.shape[:-2], *self.original), np.nan, dtype=np.float32)
        rows, columns = self._seen(0), self._seen(1)
        inside = np.asarray(values, dtype=np.float64)
        for axis, part in ((0, rows), (1, columns)):
            centres = np.arange(part.start, part.stop) + 0.5
            per_cell = inside.shape[axis - 2] / self.model[axis]
            positions = (centres * self.scale[axis] + self.offset[axis]) * per_cell
            inside = sampled(inside, positions, axis - 2, reach=0.0 if blocky else self.scale[axis] * per_cell)
        out[..., rows, columns] = inside
        return out

    # -- from the photo to the model

    def to_model(self, values: NDArray[Any]) -> NDArray[Any]:
        """A mask, map or label image (..., H, W) of the photo as the model's pixels (..., h, w) see it.

        Padding is False in a mask, -1 in integer labels and NaN in a map. Labels are never mixed. Of a clip each frame
        that the model saw has its own (..., t, H, W).
        """
        noun = "photo" if self.time is None else "clip"
        if values.shape[-len(self.pixels) :] != self.pixels:
            raise ValueError(f"the {noun} has {_by(self.pixels)} pixels, the values {_by(values.shape)}")
        labels = np.issubdtype(values.dtype, np.integer)
        found = values if labels else values.astype(np.float64)
        inside = np.ones(self.model, dtype=bool)
        for axis in (0, 1):
            positions = (np.arange(self.model[axis]) + 0.5 - self.offset[axis]) / self.scale[axis]
            here = (positions >= 0) & (positions < self.original[axis])
            inside &= here[:, None] if axis == 0 else here
            nearest = positions.clip(0.5, self.original[axis] - 0.5)
            found = sampled(found, nearest, axis - 2, reach=0.0 if labels else 1 / self.scale[axis])
        if values.dtype == bool:
            covered: NDArray[np.bool_] = inside & (found >= 0.5)
            return covered
        return np.where(inside, found, -1) if labels else np.where(inside, found, np.nan).astype(np.float32)

    # -- files

    def to_json(self) -> dict[str, Any]:
        """Plain data for manifests and `--json`; `time` is there for clips only."""
        data = {name: list(value) for name, value in vars(self).items() if name != "time"}
        return data if self.time is None else {**data, "time": self.time.to_json()}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Geometry:
        """What `to_json` wrote."""
        fields = {name: tuple(value) for name, value in data.items() if name != "time"}
        return Geometry(**fields, time=Timeline.from_json(data["time"]) if "time" in data else None)


def _by(size: tuple[int, ...]) -> str:
    return "x".join(map(str, size))
