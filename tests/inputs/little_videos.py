"""Little videos made with PyAV: a square moves over a grey ramp, one pixel value tells the number of the frame."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

SIZE = (48, 64)


def moving_square(count: int, size: tuple[int, int] = SIZE, side: int = 12) -> list[np.ndarray]:
    """Frames (h, w, 3): a red square goes from left to right over a dark ground that grows lighter."""
    height, width = size
    frames = []
    for i in range(count):
        frame = np.full((height, width, 3), 20 + round(100 * i / max(count - 1, 1)), np.uint8)
        left = round((width - side) * i / max(count - 1, 1))
        frame[height // 4 : height // 4 + side, left : left + side] = (220, 30, 30)
        frames.append(frame)
    return frames


def level(frame: np.ndarray) -> float:
    """The grey of the ground, which tells the frame; read at the bottom, where no square is."""
    return float(frame[-8:-2].mean())


def write(
    path: Path,
    frames: Sequence[np.ndarray],
    *,
    times: Sequence[float] | None = None,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    rotation: int = 0,
    options: dict[str, str] | None = None,
) -> Path:
    """A file with these frames at these times (25 per second where none are given)."""
    import av

    lossy = {"crf": "4", "g": "8"} if codec == "libx264" else {}
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options or lossy)
        stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], pixels
        if times is not None:
            from fractions import Fraction

            stream.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            stream.set_display_rotation(rotation)
        for i, pixels_of_frame in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels_of_frame, format="rgb24")
            if times is not None:
                frame.pts, frame.time_base = round(times[i] * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
