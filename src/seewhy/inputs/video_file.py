"""A video file as footage: indexed without decoding, decoded frame by frame, upright."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..domain.footage import Footage
from ..errors import MissingPackage, UnreadableClip
from .decode import check_size, file_digest, found
from .upright import Turn

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

SUFFIXES = (".mp4", ".m4v", ".webm", ".mov", ".avi", ".mkv")
EVEN = 0.1  # how much the time from frame to frame may vary before the rate counts as variable
LONGER = 1.1  # how much longer than its frames a file may say that it is


class VideoFile(Footage):
    """The first video stream of a file, read with PyAV."""

    def __init__(self, path: Path) -> None:
        found(path, "a clip")
        self.path, self.name, self._shown = path, path.name, repr(str(path))
        with self._open() as (container, stream):
            check_size((stream.codec_context.height, stream.codec_context.width), self._shown)
            self._index(container, stream)
        with self._open() as (container, stream):
            first = self._next(container.decode(stream), None)
            if first is None:
                raise self._damaged("has no frame that can be decoded")
            self._look(first, stream)

    def _index(self, container: InputContainer, stream: VideoStream) -> None:
        """The times of all frames and key frames, from the packets alone."""
        packets: list[tuple[int, bool, int]] = []
        with self._refusing():
            for packet in container.demux(stream):
                at = packet.dts if packet.pts is None else packet.pts  # AVI tells the time of decoding only
                if at is not None and not packet.is_discard:
                    packets.append((at, packet.is_keyframe, packet.duration or 0))
        if not packets:
            raise self._damaged("holds no frame whose time is known")
        packets.sort()
        self._pts = np.unique([at for at, _, _ in packets])
        self._keys = np.array([at for at, key, _ in packets if key])
        self._base = float(stream.time_base or 1)
        self.times = (self._pts - self._pts[0]) * self._base
        usual = float(np.median(np.diff(self.times))) if len(self.times) > 1 else 0.0
        self.end = float(self.times[-1] + (packets[-1][2] * self._base or usual or 1.0))
        self._stated = _stated(container, stream)

    def _look(self, first: VideoFrame, stream: VideoStream) -> None:
        """What the first frame tells about all: size, rotation, and what happens to its pixels."""
        self._turn = Turn.of(first)
        self.size, self.turned = self._turn.size((first.height, first.width)), self._turn.words
        steps = np.diff(self.times)
        varies = len(steps) > 1 and float(np.ptp(steps)) > EVEN * float(np.median(steps))
        deep = max((part.bits for part in first.format.components), default=8)
        ratio = stream.sample_aspect_ratio
        notes = {
            f"from {first.format.name}, {deep} bits scaled to 8": deep > 8,
            "interlaced: each frame shows two moments": first.interlaced_frame,
            f"its pixels are not square ({ratio}): shown as they are stored": ratio and ratio != 1,
            "frame rate varies": varies,
            f"says that it lasts {self._stated:.4g} s, but only {self.end:.4g} s can be read": self._stated
            > LONGER * self.end,
        }
        self.notes = (*self._turn.notes, *(words for words, holds in notes.items() if holds))

    # -- frames

    def frames(self, wanted: Sequence[int]) -> Iterator[NDArray[np.uint8]]:
        with self._open() as (container, stream):
            for frame in self._decoded(container, stream, wanted):
                pixels = self._turn(frame.to_ndarray(format="rgb24"))
                if pixels.shape[:2] != self.size:
                    now, before = (f"{width} x {height}" for height, width in (pixels.shape[:2], self.size))
                    raise self._damaged(f"changes its size from {before} to {now} at {frame.time or 0:.2f} s")
                yield pixels

    def _decoded(self, container: InputContainer, stream: VideoStream, wanted: Sequence[int]) -> Iterator[VideoFrame]:
        """The frame on screen at the time of each wanted one; decoding starts at the key frame before it."""
        decoder: Iterator[VideoFrame] = iter(())
        current: VideoFrame | None = None
        ahead: VideoFrame | None = None
        for number in wanted:
            at = int(self._pts[number])
            if ahead is None or self._key_between(_pts(ahead), at):
                decoder, ahead = self._before(container, stream, number)
                current = None
            while ahead is not None and _pts(ahead) <= at:
                current, ahead = ahead, self._next(decoder, number)
            if current is None or (ahead is None and _pts(current) < at):
                raise self._cut_off(number)
            yield current

    def _key_between(self, reached: int, wanted: int) -> bool:
        return bool(((self._keys > reached) & (self._keys <= wanted)).any())

    def _before(
        self, container: InputContainer, stream: VideoStream, number: int
    ) -> tuple[Iterator[VideoFrame], VideoFrame | None]:
        """A decoder and its first frame, not after the wanted one: seeking can land too late with reordered frames."""
        at = int(self._pts[number])
        decoder, first = self._from(container, stream, at, number)
        for key in reversed(self._keys[self._keys < at]):
            if first is not None and _pts(first) <= at:
                break
            decoder, first = self._from(container, stream, int(key), number)
        return decoder, first

    def _from(
        self, container: InputContainer, stream: VideoStream, at: int, number: int
    ) -> tuple[Iterator[VideoFrame], VideoFrame | None]:
        import av

        try:
            container.seek(at, stream=stream)
        except av.FFmpegError as error:
            raise self._damaged(f"cannot be searched: {error.strerror}") from error
        decoder: Iterator[VideoFrame] = container.decode(stream)
        return decoder, self._next(decoder, number)

    def _next(self, decoder: Iterator[VideoFrame], number: int | None) -> VideoFrame | None:
        import av

        try:
            return next(decoder, None)
        except av.FFmpegError as error:
            where = "" if number is None else f" at {self.times[number]:.2f} s"
            raise self._damaged(f"cannot be decoded{where}: {error.strerror}") from error

    # -- the file

    @cached_property
    def digest(self) -> str:
        return file_digest(self.path)

    @contextmanager
    def _open(self) -> Iterator[tuple[InputContainer, VideoStream]]:
        av = _pyav()
        with self._refusing():
            container = av.open(str(self.path))
        with container:
            streams = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
            if not streams:
                held = ", ".join(sorted({s.type for s in container.streams})) or "nothing"
                raise UnreadableClip(
                    f"{self._shown} holds no video, only: {held}.", fix="give a file with a video in it."
                )
            yield container, streams[0]

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        import av

        try:
            yield
        except (av.FFmpegError, ValueError) as error:
            raise self._damaged(f"cannot be read as a video: {getattr(error, 'strerror', None) or error}") from error

    def _damaged(self, why: str) -> UnreadableClip:
        if self.path.stat().st_size == 0:
            why = "is empty"
        return UnreadableClip(f"{self._shown} {why}.", fix="give an undamaged MP4, WebM, MOV, AVI, MKV or GIF file.")

    def _cut_off(self, number: int) -> UnreadableClip:
        problem = f"{self._shown} ends before its frame at {self.times[number]:.2f} s can be decoded: it was cut off."
        return UnreadableClip(
            problem, fix="give the whole file, or ask for what is left with seewhy.Clip(path, end=…)."
        )


def _stated(container: InputContainer, stream: VideoStream) -> float:
    """How long the file says that the video is; 0 where it does not."""
    if stream.duration:
        return float(stream.duration * (stream.time_base or 0))
    if container.duration and len(container.streams) == 1:
        return float(container.duration - (container.start_time or 0)) / 1e6
    return 0.0


def _pts(frame: VideoFrame) -> int:
    return int(frame.pts if frame.pts is not None else frame.dts or 0)


def _pyav() -> Any:
    try:
        import av
    except ImportError as error:
        raise MissingPackage(
            "Video files are read with PyAV, which is not installed.", fix="pip install 'seewhy[video]'"
        ) from error
    return av
