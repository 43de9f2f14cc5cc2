"""A clip as a model sees it, edited or not, as pictures that can be played: no map lies on them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ..domain.shot import Shot
from ..domain.timeline import Timeline
from .moment import PLAYED


def reel(clip: Tensor, time: Timeline, *, like: Tensor | None = None, longest: int = 160) -> list[Shot]:
    """The frames of a clip (c, t, h, w), all shown equally long; `like` is the clip whose range of values they share.

    Pixels that are enlarged stay squares: a model that sees 32 x 32 of them sees no more.
    """
    frames = pictured(clip, clip if like is None else like, longest)
    played = PLAYED[time.unit]
    edges = np.linspace(time.begins[0] * played, time.ends[-1] * played, len(frames) + 1).tolist()
    return [Shot(begin, end, pixels) for (begin, end), pixels in zip(pairwise(edges), frames, strict=True)]


def pictured(clip: Tensor, like: Tensor, longest: int) -> list[NDArray[np.uint8]]:
    """Each frame as 8-bit RGB (h, w, 3); of a clip that is no colour film its first channel, as grey."""
    low, high = (float(end) for end in (like.min().clamp(max=0), like.max().clamp(min=1)))
    shades = (clip if len(clip) == 3 else clip[:1].expand(3, -1, -1, -1)).detach().cpu().float()
    levels = ((shades - low) / (high - low)).clamp(0, 1).mul(255).round().byte()
    return [_sized(frame, longest) for frame in levels.permute(1, 2, 3, 0).numpy()]


def _sized(frame: NDArray[np.uint8], longest: int) -> NDArray[np.uint8]:
    height, width = frame.shape[:2]
    factor = longest / max(height, width)
    how = Image.Resampling.NEAREST if factor > 1 else Image.Resampling.BOX
    to = max(1, round(width * factor)), max(1, round(height * factor))
    return np.asarray(Image.fromarray(frame).resize(to, how))
