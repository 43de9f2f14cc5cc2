"""Films as files: what is written comes back with its times."""

from itertools import pairwise

import numpy as np
import pytest

from seewhy.domain.shot import Shot
from seewhy.errors import StoreError
from seewhy.inputs.still_frames import AnimatedImage
from seewhy.store.movie import write

TIMES = [0.5, 0.6, 1.0, 1.04, 2.0, 2.5, 4.0]
LEVELS = [0, 40, 80, 120, 160, 200]


def shots(height=33, width=47):
    """Odd sides, uneven times, made one by one."""
    for level, (begin, end) in zip(LEVELS, pairwise(TIMES), strict=True):
        yield Shot(begin, end, np.full((height, width, 3), level, np.uint8))


def test_an_mp4_comes_back_with_its_times_and_its_sides_made_even(tmp_path):
    pytest.importorskip("av", reason="PyAV is not installed")
    from seewhy.inputs.video_file import VideoFile

    video = VideoFile(write(shots(), tmp_path / "film.mp4"))
    assert video.size == (34, 48)
    assert np.allclose(video.times, np.array(TIMES[:-1]) - 0.5, atol=1e-3)
    assert video.end == pytest.approx(3.5, abs=1e-3)
    assert np.allclose([frame.mean() for frame in video.frames(range(6))], LEVELS, atol=2)


def test_a_gif_comes_back_with_its_times(tmp_path):
    animated = AnimatedImage(write(shots(), tmp_path / "film.gif"))
    assert animated.size == (33, 47)
    assert np.allclose(animated.times, np.array(TIMES[:-1]) - 0.5, atol=0.011)
    assert np.allclose([frame.mean() for frame in animated.frames(range(6))], LEVELS, atol=1)


def test_players_can_show_it(tmp_path):
    av = pytest.importorskip("av", reason="PyAV is not installed")
    with av.open(str(write(shots(), tmp_path / "film.mp4"))) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name in ("h264", "mpeg4")
        assert stream.codec_context.pix_fmt == "yuv420p"


def test_a_film_that_fails_leaves_nothing_behind_and_what_was_there(tmp_path):
    def failing():
        yield next(shots())
        raise RuntimeError("no more")

    (tmp_path / "film.gif").write_bytes(b"before")
    with pytest.raises(RuntimeError):
        write(failing(), tmp_path / "film.gif")
    assert [path.name for path in tmp_path.iterdir()] == ["film.gif"]
    assert (tmp_path / "film.gif").read_bytes() == b"before"


@pytest.mark.parametrize(("name", "words"), [("film.wmv", "cannot be written to 'film.wmv'"), ("film.gif", "no frame")])
def test_what_cannot_be_written_is_refused(tmp_path, name, words):
    with pytest.raises(StoreError, match=words):
        write([], tmp_path / name)
