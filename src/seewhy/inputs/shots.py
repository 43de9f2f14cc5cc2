"""Where the shots of a film lie: read once, frame by frame, and nothing is kept of a frame but a few numbers."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from ..domain.footage import Footage
from ..domain.shots import Shots, cuts_of, looks
from ..domain.timeline import Span
from .pace import on_screen

SMALL = 64  # pixels of the longer side at which frames are compared


def shot_spans(footage: Footage, start: float, end: float, *, contrast: float, least: float) -> list[Span]:
    """When each shot between two moments begins and ends."""
    Shots(contrast, least)  # refuses what are no thresholds before the film is read
    first, stop = on_screen(footage.times, start), int(np.searchsorted(footage.times, end))
    kept = torch.cat([_look(pixels) for pixels in footage.frames(range(first, stop))])
    begins = [float(footage.times[first + at]) for at in cuts_of(kept, contrast=contrast, least=least)]
    return list(zip([start, *begins], [*begins, end], strict=True))


def _look(pixels: NDArray[np.uint8]) -> torch.Tensor:
    image = Image.fromarray(pixels)
    small = np.array(image.reduce(max(1, round(max(image.size) / SMALL))), np.float32) / 255
    return looks(torch.from_numpy(small).permute(2, 0, 1)[:, None])
