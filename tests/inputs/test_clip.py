"""Clips of every kind as a model's input, and what is said about how they became it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from inputs.little_videos import level, moving_square, write
from seewhy import Clip, Pace, Preprocess
from seewhy.errors import BadOption, BadPixels, UnknownPreprocessing, UnreadableImage
from seewhy.inputs.expand import expand
from seewhy.inputs.kinetics import of_video_network
from seewhy.inputs.read import read_sample

FRAMES = moving_square(20, (24, 32), 8)
STACK = np.stack(FRAMES)
SMALL = replace(Preprocess.of(size=16, mean=0.0, std=1.0), pace=Pace(4))


def gif(path, frames=FRAMES, milliseconds=40):
    first, *rest = [Image.fromarray(frame) for frame in frames]
    first.save(path, save_all=True, append_images=rest, duration=milliseconds)
    return path


# -- kinds of clips


@pytest.mark.parametrize(
    "frames",
    [STACK, torch.from_numpy(STACK), [Image.fromarray(f) for f in FRAMES], FRAMES, STACK / 255.0],
    ids=["array", "tensor", "PIL images", "arrays", "floats"],
)
def test_frames_of_every_kind_are_the_same_clip(frames):
    expected = read_sample(Clip(STACK), SMALL)
    sample = read_sample(Clip(frames), SMALL)
    assert torch.equal(sample.pixels, expected.pixels)
    assert sample.pixels.shape == (3, 4, 16, 16)
    assert sample.geometry == expected.geometry


def test_each_frame_of_the_model_is_the_frame_that_the_geometry_names():
    sample = read_sample(Clip(STACK, fps=25), SMALL)
    time = sample.geometry.time
    assert time.shown == (2, 7, 12, 17)
    for i, number in enumerate(time.shown):
        alone, geometry = SMALL(read_sample(Clip([FRAMES[number]], frames=1), Preprocess.plain()).picture)
        assert torch.equal(sample.pixels[:, i], alone)
        assert replace(sample.geometry, time=None) == geometry
        assert time.begins[i] == pytest.approx(number / 25)
    assert np.array_equal(sample.picture.pixels, FRAMES[12])  # the middle one of those that were seen


def test_frames_without_times_are_counted():
    counted = read_sample(Clip(STACK), SMALL).geometry.time
    assert (counted.unit, counted.begins, counted.span) == ("frames", (2.0, 7.0, 12.0, 17.0), (0.0, 20.0))


@pytest.mark.parametrize("order", [(0, 3, 1, 2), (3, 0, 1, 2)], ids=["t c h w", "c t h w"])
def test_another_order_of_axes_is_read_and_named(order):
    sample = read_sample(Clip(STACK.transpose(order)), SMALL)
    assert torch.equal(sample.pixels, read_sample(Clip(STACK), SMALL).pixels)
    assert any("read as" in note for note in sample.picture.notes)


def test_an_animated_gif_is_a_clip_for_a_model_of_clips_and_a_photo_for_others(tmp_path):
    path = gif(tmp_path / "moving.gif", milliseconds=[40] * 10 + [200] * 10)
    sample = read_sample(path, SMALL)
    assert sample.geometry.time.span == pytest.approx((0.0, 2.4))
    assert sample.geometry.time.shown == (7, 12, 15, 18)  # even in time, not in number
    found = [level(frame) for frame in sample.footage.frames(range(20))]
    assert np.allclose(found, [level(frame) for frame in FRAMES], atol=3)  # a palette of 256 colours
    assert read_sample(path, Preprocess.of(size=16)).pixels.ndim == 3


def test_gif_frames_without_a_duration_are_shown_as_programs_show_them(tmp_path):
    sample = read_sample(gif(tmp_path / "hasty.gif", milliseconds=0), SMALL)
    assert sample.geometry.time.span == pytest.approx((0.0, 2.0))
    assert any("without a duration" in note for note in sample.picture.notes)


def test_a_damaged_gif_is_refused(tmp_path):
    whole = gif(tmp_path / "moving.gif").read_bytes()
    (tmp_path / "cut.gif").write_bytes(whole[:200])
    (tmp_path / "words.gif").write_bytes(b"no picture at all")
    for name in ("cut.gif", "words.gif"):
        with pytest.raises(UnreadableImage):
            read_sample(tmp_path / name, SMALL)


def test_tensors_of_the_models_size_go_as_they_are():
    clip = torch.rand(3, 6, 16, 16)
    sample = read_sample(clip, SMALL)
    assert torch.equal(sample.pixels, clip)
    assert sample.geometry.time.shown == (0, 1, 2, 3, 4, 5)
    assert np.array_equal(sample.picture.pixels, next(sample.footage.frames([3])))


def test_a_batch_of_clips_is_many_and_one_clip_is_one():
    assert [len(expand(x)[0]) for x in (torch.rand(5, 3, 4, 8, 8), Clip(STACK), [Clip(STACK), "a.mp4"])] == [5, 1, 2]
    assert expand(Clip(STACK))[1]


def test_a_folder_of_videos_is_read_where_it_holds_no_photos(tmp_path):
    for name in ("b.mp4", "a.webm", "notes.txt"):
        (tmp_path / name).touch()
    assert [item.name for item in expand(tmp_path)[0]] == ["a.webm", "b.mp4"]
    (tmp_path / "photo.png").touch()
    assert [item.name for item in expand(tmp_path)[0]] == ["photo.png"]


# -- how it is looked at


def test_a_clip_says_what_the_preprocessing_leaves_open_or_says_otherwise():
    clip = Clip(STACK, frames=5, sampling="dense", stride=2, start=5, end=18, size=(8, 10), fps=1)
    sample = read_sample(clip, SMALL)
    assert sample.pixels.shape == (3, 5, 8, 10)
    assert sample.geometry.time.shown == (7, 9, 11, 13, 15)
    assert sample.picture.notes == ("5 frames, every 2nd frame, from 7 to 15 s of 20 s",)


def test_moments_can_be_named():
    sample = read_sample(Clip(STACK, times=(0.1, 0.35, 0.35), fps=20), SMALL)
    assert sample.geometry.time.shown == (2, 7, 7)


def test_a_clip_with_fewer_frames_than_the_model_wants_says_that_it_repeats():
    sample = read_sample(Clip(STACK[:2]), SMALL)
    assert sample.geometry.time.shown == (0, 0, 1, 1)
    assert [check.message for check in sample.doubts] == [
        "There are fewer frames here than the model is shown: 2 of 4 differ, the rest is repeated."
    ]
    assert not read_sample(Clip(STACK[:2], times=(0, 0, 1, 1)), SMALL).doubts  # asked for


def test_views_cover_the_clip_and_three_crops_its_longer_side():
    wide = np.tile(np.arange(40, dtype=np.uint8)[None, None, :, None], (12, 10, 1, 3))
    small = replace(Preprocess.of(size=10, crop_pct=1.0, mean=0.0, std=1.0), pace=Pace(2))
    views = Clip(wide, fps=1).views(clips=3, crops=3)
    samples = [read_sample(view, small) for view in views]
    assert [sample.geometry.time.shown for sample in samples[::3]] == [(1, 3), (5, 7), (9, 11)]
    assert [round(float(sample.pixels[0, 0, 0, 0]) * 255) for sample in samples[:3]] == [0, 15, 30]
    seen = np.any([sample.geometry.seen_mask() for sample in samples], axis=0)
    assert seen[:, :10].all()
    assert seen[:, 15:25].all()
    assert seen[:, 30:].all()


def test_crops_move_along_the_longer_side_only():
    small = replace(Preprocess.of(size=(10, 10), crop_pct=10 / 14, mean=0.0, std=1.0), pace=Pace(2))
    views = Clip(np.zeros((4, 14, 40, 3), np.uint8)).views(crops=3)
    assert [read_sample(view, small).geometry.offset for view in views] == [(-2, 0), (-2, -15), (-2, -30)]


@pytest.mark.parametrize(
    ("build", "error", "words"),
    [
        (lambda: Clip(STACK, frames=4, times=(1,)), BadOption, "times and frames both"),
        (lambda: Clip(STACK, stride=2, rate=3.0), BadOption, "stride and rate both"),
        (lambda: Clip(STACK, crop="left"), BadOption, "cropped at 'left'"),
        (lambda: read_sample(Clip(STACK, start=25), SMALL), BadOption, "is no stretch"),
        (lambda: read_sample(Clip(STACK, times=(3, 2)), SMALL), BadOption, "not ascending"),
        (lambda: read_sample(Clip(STACK, fps=0), SMALL), BadOption, "no frame rate"),
        (lambda: read_sample(Clip([]), SMALL), BadPixels, "has no frames"),
        (lambda: read_sample(Clip(np.zeros((4, 9, 9, 7))), SMALL), BadPixels, "no axis can be its colours"),
        (lambda: read_sample(Clip([FRAMES[0], FRAMES[0][:9]], frames=2), SMALL), BadPixels, "Frame 1 of 'clip' has"),
        (lambda: read_sample(Clip(object()), SMALL), BadPixels, "cannot be read as a clip"),
        (lambda: read_sample("photo:cat", SMALL), BadPixels, "is one image, and the model wants clips"),
        (lambda: read_sample(torch.rand(3, 16, 16), SMALL), BadPixels, "is one image, and the model wants clips"),
        (lambda: read_sample("a.mp4", Preprocess.of(size=16)), UnknownPreprocessing, "says nothing of frames"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(build, error, words):
    with pytest.raises(error, match=words):
        build()


# -- how networks want it


def test_torchvisions_weights_and_networks_want_what_torchvision_does():
    video = pytest.importorskip("torchvision.models.video")
    from torchvision.models import get_model, get_model_weights, list_models

    frames = np.random.default_rng(0).integers(0, 256, (2, 90, 140, 3), dtype=np.uint8)
    for name in list_models(module=video):
        weights = get_model_weights(name).DEFAULT
        told = Preprocess.from_torchvision(weights)
        with torch.device("meta"):
            assumed = of_video_network(get_model(name))
        assert replace(assumed, source=told.source, assumed=False) == told, name
        ours = read_sample(Clip(frames, frames=2), told).pixels
        theirs = weights.transforms()(torch.from_numpy(frames).permute(0, 3, 1, 2))
        assert torch.equal(told.normalise(ours[None])[0], theirs), name


@pytest.mark.parametrize("name", ["VideoMAE", "Vivit", "VJEPA2", "Timesformer"])
def test_hugging_face_processors_are_followed_to_the_rounding_of_8_bits(name):
    pytest.importorskip("transformers")
    from importlib import import_module

    home = f"transformers.models.{name.lower()}.video_processing_{name.lower()}"
    processor = getattr(import_module(home), f"{name}VideoProcessor")()
    frames = np.random.default_rng(0).integers(0, 256, (2, 300, 340, 3), dtype=np.uint8)
    preprocess = Preprocess.from_huggingface(processor)
    ours = preprocess.normalise(read_sample(Clip(frames, frames=2), preprocess).pixels[None])[0]
    theirs = next(iter(processor([torch.from_numpy(frames).permute(0, 3, 1, 2)], return_tensors="pt").values()))[0]
    steps = (ours - theirs.transpose(0, 1)).abs() * 255 * torch.tensor(preprocess.std).view(-1, 1, 1, 1)
    assert steps.max() < 2.01  # rounded once by them, twice by Pillow: between rows and columns
    assert steps.mean() < 0.05
    assert preprocess.pace == Pace(16)


def test_the_pace_survives_json_and_is_told():
    preprocess = replace(SMALL, pace=Pace(16, "dense", rate=15.0), antialias=False)
    assert Preprocess.from_json(preprocess.to_json()) == preprocess
    assert preprocess.describe().startswith("16 frames, 15 per second. ")


def test_a_video_file_is_a_clip(tmp_path):
    pytest.importorskip("av")
    path = write(tmp_path / "moving.mkv", FRAMES, codec="ffv1", pixels="bgr0")
    sample = read_sample(str(path), SMALL)
    assert torch.equal(sample.pixels, read_sample(Clip(STACK), SMALL).pixels)
    assert sample.picture.name == "moving.mkv"
    assert sample.geometry.time.begins == pytest.approx((0.08, 0.28, 0.48, 0.68))


def test_without_pyav_the_error_says_what_to_install(tmp_path, monkeypatch):
    import builtins

    from seewhy.errors import MissingPackage

    real = builtins.__import__

    def without(name, *rest, **more):
        if name == "av":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    (tmp_path / "clip.mp4").write_bytes(b"any")
    with pytest.raises(MissingPackage, match=r"seewhy\[video\]"):
        read_sample(tmp_path / "clip.mp4", SMALL)
