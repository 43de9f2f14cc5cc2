"""Video files: their frames, times and rotation, and files that cannot be used."""

import numpy as np
import pytest

from inputs.little_videos import level, moving_square, write
from seewhy.errors import MissingInput, UnreadableClip
from seewhy.inputs.video_file import VideoFile

av = pytest.importorskip("av", reason="PyAV is not installed")

FRAMES = moving_square(20)
KINDS = {
    "h264.mp4": {},
    "h264.mov": {},
    "vp9.webm": {"codec": "libvpx-vp9"},
    "lossless.mkv": {"codec": "ffv1", "pixels": "bgr0"},
    "mpeg4.avi": {"codec": "mpeg4"},
    "full-colour.mkv": {"pixels": "yuv444p"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("videos")


@pytest.fixture(scope="module")
def lossless(folder):
    """Twenty frames, every one a key frame."""
    return write(folder / "plain.mkv", FRAMES, codec="ffv1", pixels="bgr0")


@pytest.mark.parametrize("name", KINDS)
def test_frames_come_back_in_order_with_their_times(folder, name):
    video = VideoFile(write(folder / name, FRAMES, **KINDS[name]))
    assert (len(video), video.size) == (20, (48, 64))
    assert np.allclose(video.times, np.arange(20) / 25, atol=1e-3)
    assert video.end == pytest.approx(0.8, abs=1e-3)
    found = [level(frame) for frame in video.frames(range(20))]
    assert np.allclose(found, [level(frame) for frame in FRAMES], atol=4)


def test_lossless_frames_are_exactly_those_that_were_written(lossless):
    assert np.array_equal(list(VideoFile(lossless).frames(range(20))), FRAMES)


def test_frames_far_apart_are_the_same_as_when_all_are_read(folder):
    video = VideoFile(write(folder / "long.mp4", moving_square(60)))  # a key frame every eight, and frames between
    every = list(video.frames(range(60)))
    for wanted in ([0, 59], [59], [7, 8, 9], [3, 30, 31, 55]):
        assert np.array_equal(list(video.frames(wanted)), [every[i] for i in wanted])


@pytest.mark.parametrize("kind", ["mp4", "mkv"])
def test_each_frame_alone_is_the_same_where_frames_lean_on_later_ones(folder, kind):
    options = {"x264opts": "open-gop=1:bframes=3:b-pyramid=normal:keyint=8:min-keyint=8:scenecut=0"}
    video = VideoFile(write(folder / f"open.{kind}", moving_square(40), options=options))
    every = list(video.frames(range(40)))
    for number in range(40):
        assert np.array_equal(next(video.frames([number])), every[number]), number


def test_times_of_a_variable_rate_are_those_of_the_frames(folder):
    times = [0.04 * i for i in range(10)] + [0.4 + 0.25 * i for i in range(10)]
    video = VideoFile(write(folder / "varies.mp4", FRAMES, times=times))
    assert np.allclose(video.times, times, atol=2e-3)
    assert "frame rate varies" in video.notes


def test_a_clip_whose_times_begin_late_begins_at_zero(folder):
    video = VideoFile(write(folder / "late.mkv", FRAMES, times=[5 + 0.04 * i for i in range(20)]))
    assert video.times[0] == 0
    assert video.end == pytest.approx(0.8, abs=2e-3)
    assert level(next(video.frames([10]))) == pytest.approx(level(FRAMES[10]), abs=4)


@pytest.mark.parametrize(
    ("angle", "quarters", "words"),
    [(90, 1, "90 degrees counter-clockwise"), (-90, 3, "90 degrees clockwise"), (180, 2, "180 degrees")],
)
def test_rotation_in_the_file_is_applied(folder, angle, quarters, words):
    path = write(folder / f"turned{angle}.mp4", FRAMES, rotation=angle)
    with av.open(str(path)) as container:
        stored = next(container.decode(video=0))
        assert stored.rotation in (angle, angle - 360)  # counter-clockwise, as PyAV reads it
        expected = np.rot90(stored.to_ndarray(format="rgb24"), quarters)  # counter-clockwise, too
    video = VideoFile(path)
    assert words in video.turned
    assert video.size == expected.shape[:2]
    assert np.array_equal(next(video.frames([0])), expected)


def test_what_happened_to_the_pixels_is_noted(folder):
    deep = VideoFile(write(folder / "deep.mkv", FRAMES, pixels="yuv420p10le"))
    assert deep.notes == ("from yuv420p10le, 10 bits scaled to 8",)
    interlaced = VideoFile(write(folder / "fields.mkv", FRAMES, options={"flags": "+ildct+ilme", "x264opts": "tff=1"}))
    assert any("interlaced" in note for note in interlaced.notes)


def test_a_picture_beside_a_sound_is_no_video(folder):
    path = folder / "sound.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    with pytest.raises(UnreadableClip, match="holds no video, only: audio"):
        VideoFile(path)


def test_files_that_are_no_video_are_refused(folder, lossless):
    (folder / "empty.mp4").touch()
    (folder / "words.mp4").write_text("no video at all\n" * 50)
    whole = write(folder / "whole.mp4", FRAMES).read_bytes()
    (folder / "half.mp4").write_bytes(whole[: len(whole) // 2])  # its index stood at the end
    for name, words in {"empty": "is empty", "words": "cannot be read", "half": "cannot be read"}.items():
        with pytest.raises(UnreadableClip, match=words):
            VideoFile(folder / f"{name}.mp4")
    with pytest.raises(MissingInput, match=r"Did you mean 'plain\.mkv'"):
        VideoFile(folder / "plane.mkv")
    with pytest.raises(MissingInput, match="is a folder"):
        VideoFile(folder)


def test_a_file_that_was_cut_off_gives_what_is_left_of_it(folder, lossless):
    content = lossless.read_bytes()
    cut = folder / "cut.mkv"
    cut.write_bytes(content[: len(content) * 2 // 3])
    video = VideoFile(cut)
    left = len(video)
    assert 5 < left < 20
    assert "says that it lasts 0.8 s" in video.notes[0]
    assert np.array_equal(list(video.frames(range(left - 1))), FRAMES[: left - 1])


def test_frames_that_are_damaged_are_refused_and_the_others_are_right(folder):
    path = write(folder / "sound.mp4", FRAMES)
    whole, content = list(VideoFile(path).frames(range(20))), bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 400] = bytes(400)
    path.write_bytes(content)
    video = VideoFile(path)
    refused = {number: _refusal(video, number, whole[number]) for number in range(20)}
    told = {number: words for number, words in refused.items() if words}
    assert 0 < len(told) < 20
    assert all(f"cannot be decoded at {video.times[number]:.2f} s" in words for number, words in told.items())


def _refusal(video, number, expected):
    """What is said where a frame is refused; one that is not refused must be right."""
    try:
        assert np.array_equal(next(video.frames([number])), expected)
    except UnreadableClip as error:
        return error.problem
    return ""


def test_the_digest_is_that_of_the_file(lossless, folder):
    copy = folder / "copy.mkv"
    copy.write_bytes(lossless.read_bytes())
    assert VideoFile(copy).digest == VideoFile(lossless).digest
    copy.write_bytes(lossless.read_bytes() + b"\0")
    assert VideoFile(copy).digest != VideoFile(lossless).digest
