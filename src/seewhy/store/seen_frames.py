"""The frames of a saved clip: those that the model saw, as PNG files in one archive."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..domain.footage import Footage
from ..domain.geometry import Size
from ..domain.timeline import Timeline, Unit
from ..errors import StoreError


def packed(footage: Footage, time: Timeline) -> bytes:
    """The archive of the frames that were seen."""
    seen, file = sorted(set(time.shown)), io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for number, pixels in zip(seen, footage.frames(seen), strict=True):
            png = io.BytesIO()
            Image.fromarray(pixels).save(png, "PNG")
            archive.writestr(zipfile.ZipInfo(_entry(number)), png.getvalue())  # without the time of day
    return file.getvalue()


@dataclass(eq=False)
class SeenFrames(Footage):
    """Footage of which only the frames that the model saw are left."""

    archive: bytes = field(repr=False)
    name: str
    size: Size
    times: NDArray[np.float64]
    end: float
    stated: str  # digest of the original
    unit: Unit = "s"

    def frames(self, wanted: Sequence[int]) -> Iterator[NDArray[np.uint8]]:
        with zipfile.ZipFile(io.BytesIO(self.archive)) as archive:
            kept = set(archive.namelist())
            for number in wanted:
                if _entry(number) not in kept:
                    problem = f"Frame {number} of {self.name!r} was not seen by the model, so it was not saved."
                    raise StoreError(problem, fix="leave every=True out, or explain the clip again.")
                yield self._read(archive, number)

    def _read(self, archive: zipfile.ZipFile, number: int) -> NDArray[np.uint8]:
        with archive.open(_entry(number)) as file, Image.open(file, formats=("PNG",)) as image:
            if (image.height, image.width) != self.size:  # before decoding: a small file can hold a huge picture
                raise ValueError(f"frame {number} has {image.height} x {image.width} pixels, not {self.size}")
            return np.array(image.convert("RGB"))

    @property
    def digest(self) -> str:
        return self.stated


def _entry(number: int) -> str:
    return f"{number:08d}.png"
