"""Films inside a page: as MP4 where PyAV is installed, otherwise as GIF."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Sequence
from html import escape
from pathlib import Path

from ..domain.shot import Shot
from ..store.movie import playable, write

LARGE = 200  # pixels


def film(shots: Sequence[Shot], told: str) -> str:
    """It plays at once, over and over; `told` is its text alternative."""
    suffix = playable()
    with tempfile.TemporaryDirectory() as folder:
        data = base64.b64encode(write(shots, Path(folder) / f"film{suffix}").read_bytes()).decode()
    if suffix == ".gif":
        return f'<img src="data:image/gif;base64,{data}" alt="{escape(told)}">'
    height, width = shots[0].pixels.shape[:2]
    controls = "controls " if max(height, width) >= LARGE else ""  # they would cover a small film
    size = f'width="{width}" height="{height}"'
    return (
        f'<video {controls}loop muted autoplay playsinline {size} aria-label="{escape(told)}" '
        f'src="data:video/mp4;base64,{data}"></video>'
    )
