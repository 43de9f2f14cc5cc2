"""What people give in place of a clip that can be explained: each is refused in two lines, or read in a stated way."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import seewhy
from inputs.little_videos import moving_square, write
from run.clip_networks import Small
from seewhy import Clip, Explanation, Pace, Preprocess
from seewhy.errors import BadPixels, ImageTooLarge, ModelFailed, UnreadableClip
from seewhy.inputs import decode, video_file
from seewhy.inputs.read import read_sample
from seewhy.inputs.video_file import VideoFile

FRAMES = np.stack(moving_square(8, (16, 16), 6))
TENSOR = torch.from_numpy(FRAMES).permute(3, 0, 1, 2) / 255  # (c, t, h, w)
WANTS = replace(Preprocess.of(size=16, crop_pct=1.0, mean=0.0, std=1.0), pace=Pace(8))
PLAIN = Preprocess.plain()


def explained(clip, preprocess=WANTS):
    torch.manual_seed(0)
    return seewhy.explain(Small(), clip, method="saliency", target=0, checks="quick", preprocess=preprocess)


def told(found, name):
    return [check.message for check in found.checks if check.name == name and check.verdict == "warning"]


# -- the order of the axes


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (1, 0, 2, 3), (1, 2, 3, 0)], ids=["c t h w", "t c h w", "t h w c"])
@pytest.mark.parametrize("several", [False, True], ids=["alone", "in a batch"])
def test_every_order_of_axes_is_the_same_clip_to_a_model_that_wants_clips(order, several):
    given = TENSOR.permute(order)
    found = explained(given[None])[0] if several else explained(given)
    assert isinstance(found, Explanation)
    assert np.allclose(found.values, explained(TENSOR).values, atol=1e-6)
    assert any("read as frames, channels" in note for note in found.picture.notes) == (order == (1, 0, 2, 3))


def test_frames_before_channels_are_named_where_a_network_takes_either():
    found = explained(TENSOR.transpose(0, 1)[None], PLAIN)[0]
    assert found.values.shape == (3, 16, 16)  # three channels taken for three frames
    assert "(8, 3, 16, 16) was read as 8 channels of 3 frames" in told(found, "axes")[0]
    assert not told(explained(TENSOR[None], PLAIN)[0], "axes")


def test_colours_last_are_refused_in_a_tensor_and_moved_in_an_array():
    last = TENSOR.permute(1, 2, 3, 0)
    with pytest.raises(BadPixels, match=r"has its colours last: it looks like frames, height, width, 3") as caught:
        read_sample(last, PLAIN)
    assert "permute(3, 0, 1, 2)" in caught.value.fix
    sample = read_sample(last.numpy(), PLAIN)
    assert torch.equal(sample.pixels, TENSOR)
    assert "read as frames, height, width, channels" in sample.picture.notes[0]


def test_as_many_frames_as_channels_leave_a_doubt():
    assert "cannot be told" in told(explained(TENSOR[:, :3][None], PLAIN)[0], "model")[0]


def test_a_single_clip_without_a_batch_is_named_where_nothing_tells_that_the_model_wants_clips():
    with pytest.warns(seewhy.errors.SeewhyWarning, match="3 of 3 inputs failed"):
        found = explained(TENSOR, PLAIN)
    assert isinstance(found.failures[0].error, ModelFailed)
    assert "one clip[None]" in found.failures[0].error.fix


# -- too few frames, too many pixels


def test_one_frame_is_shown_again_and_again_and_that_is_said():
    found = explained(Clip(FRAMES[:1]))
    assert found.geometry.time.shown == (0,) * 8
    assert "1 of 8 differ, the rest is repeated" in told(found, "frames")[0]


@pytest.mark.parametrize(
    ("clip", "words"),
    [
        (Clip([]), "has no frames"),
        (Clip(np.zeros((0, 16, 16, 3), np.uint8)), "has no frames"),
        (torch.zeros(3, 0, 16, 16), "has no pixels"),
        (Clip(np.full((4, 16, 16, 3), np.nan)), "are NaN"),
        (Clip(np.full((4, 16, 16, 3), 200.0)), "Float pixels lie between 0 and 1"),
        (Clip(np.zeros((4, 16, 16, 3), np.int64)), "has no fixed range"),
        (TENSOR[:, 0], "is one image, and the model wants clips"),
        ("photo:cat", "is one image, and the model wants clips"),
    ],
)
def test_what_is_no_clip_is_refused(clip, words):
    with pytest.raises(BadPixels, match=words):
        explained(clip)


# -- files


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    pytest.importorskip("av", reason="PyAV is not installed")
    return tmp_path_factory.mktemp("clips")


def test_a_file_of_one_frame_is_a_clip(folder):
    found = explained(write(folder / "one.mkv", FRAMES[:1], codec="ffv1", pixels="bgr0"))
    assert found.times.tolist() == [0.0] * 8
    assert told(found, "frames")


def test_a_file_with_odd_sides_goes_through_to_its_film(folder):
    path = write(folder / "odd.mkv", moving_square(8, (33, 47), 9), codec="ffv1", pixels="bgr0")
    found = explained(path)
    assert found.heatmap().shape == (8, 33, 47)
    assert np.array_equal(next(found.footage.frames([3])), moving_square(8, (33, 47), 9)[3])
    assert len(VideoFile(found.save_film(folder / "odd.mp4"))) == 8


def test_a_file_of_huge_frames_is_refused_before_any_is_decoded(folder, monkeypatch):
    path = write(folder / "huge.mkv", FRAMES, codec="ffv1", pixels="bgr0")
    monkeypatch.setattr(video_file, "check_size", lambda size, shown: decode.check_size(size, shown, largest=100))
    monkeypatch.setattr(VideoFile, "_next", None)
    with pytest.raises(ImageTooLarge, match=r"more than the 0\.0001 allowed"):
        read_sample(path, WANTS)


def test_a_file_whose_frames_change_their_size_is_refused(folder):
    small, large = moving_square(4, (16, 16), 6), moving_square(4, (32, 32), 6)
    parts = [write(folder / name, frames, codec="mjpeg", pixels="yuvj420p") for name, frames in
             (("small.avi", small), ("large.avi", large))]  # fmt: skip
    path = _spliced(folder / "grows.mkv", parts)
    with pytest.raises(UnreadableClip, match=r"changes its size from 16 x 16 to 32 x 32"):
        explained(path)


def _spliced(path, parts):
    """The packets of several files behind each other in one stream."""
    import av

    with av.open(str(path), "w") as container:
        stream = None
        for number, part in enumerate(parts):
            with av.open(str(part)) as source:
                stream = stream or container.add_stream_from_template(source.streams.video[0])
                for packet in source.demux(video=0):
                    if packet.size:
                        packet.pts = packet.dts = packet.dts + 4 * number
                        packet.stream = stream
                        container.mux(packet)
    return path
