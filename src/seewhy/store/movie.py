"""Films as files: MP4 for players, GIF for pages and mails."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..domain.shot import Shot
from ..errors import MissingPackage, StoreError

TICKS = 90_000  # per second, the clock of video files
CODECS = {"libx264": {"crf": "18", "preset": "veryfast"}, "mpeg4": {"q": "3"}}  # the first one that is there
LEAST = 0.02  # seconds: programs show a GIF's shorter frames much longer


def playable() -> str:
    """The suffix of the best kind that can be written here."""
    return ".mp4" if find_spec("av") else ".gif"


def write(shots: Iterable[Shot], path: Path) -> Path:
    """Write a film, all or nothing; the suffix decides the kind. Odd sides are made even by repeating the last line."""
    kinds: dict[str, Callable[[Iterator[Shot], Path], None]] = {".mp4": _mp4, ".gif": _gif}
    suffix = path.suffix.lower()
    if suffix not in kinds:
        raise StoreError(f"A film cannot be written to {path.name!r}.", fix="give a name that ends in .mp4 or .gif.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.new-") as folder:
            fresh = Path(folder) / path.name
            kinds[suffix](iter(shots), fresh)
            os.replace(fresh, path)
    except OSError as error:
        problem = f"The film cannot be written to {path}: {error.strerror or error}."
        raise StoreError(problem, fix="choose a folder that you may write, on a disk with room.") from error
    return path


def _mp4(shots: Iterator[Shot], path: Path) -> None:
    try:
        import av
    except ImportError as error:
        raise MissingPackage(
            "MP4 files are written with PyAV.", fix="pip install 'seewhy[video]', or write a .gif"
        ) from error
    first = _first(shots)
    codec = next(name for name in CODECS if name in av.codecs_available)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream(codec, options=CODECS[codec])
        stream.height, stream.width = _even(first.pixels).shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = stream.time_base = Fraction(1, TICKS)
        durations: dict[int, int] = {}
        for shot in chain([first], shots):
            frame = av.VideoFrame.from_ndarray(_even(shot.pixels), format="rgb24")
            frame.pts, frame.time_base = round((shot.begin - first.begin) * TICKS), Fraction(1, TICKS)
            durations[frame.pts] = round((shot.end - shot.begin) * TICKS)
            _mux(container, stream.encode(frame), durations)
        _mux(container, stream.encode(), durations)


def _mux(container: Any, packets: Iterable[Any], durations: dict[int, int]) -> None:
    """Packets with the durations of their frames: encoders know a rate only, so the last frame would be too short."""
    for packet in packets:
        ticks = round(packet.pts * packet.time_base * TICKS)
        packet.duration = round(Fraction(durations.pop(ticks), TICKS) / packet.time_base)
        container.mux(packet)


def _gif(shots: Iterator[Shot], path: Path) -> None:
    pictures, durations = [], []
    for shot in chain([_first(shots)], shots):
        pictures.append(Image.fromarray(shot.pixels).quantize(dither=Image.Dither.NONE))
        durations.append(round(max(shot.end - shot.begin, LEAST) * 100) * 10)  # milliseconds, in steps of ten
    pictures[0].save(path, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0)


def _first(shots: Iterator[Shot]) -> Shot:
    for shot in shots:
        return shot
    raise StoreError("There is no frame to write.", fix="give at least one.")


def _even(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
