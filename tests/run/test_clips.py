"""Clips end to end: a video goes in, a map in space and time comes back on the original frames."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

import seewhy
from inputs.little_videos import moving_square, write
from run.clip_networks import Event, Small
from seewhy import Clip, Pace, Preprocess
from seewhy.errors import BadOption, StoreError
from seewhy.render.text import for_and_against

FRAMES = moving_square(24, (40, 60), 12)
WANTS = replace(Preprocess.of(size=16, mean=0.0, std=1.0), pace=Pace(8))


def explained(network=None, clip=None, **asked):
    asked = {"method": "input-x-gradient", "target": 1, "preprocess": WANTS, "checks": "quick", **asked}
    return seewhy.explain(network or Event(), clip or Clip(FRAMES, fps=12), **asked)


def test_an_event_is_found_at_its_time_and_place():
    found = explained()
    assert found.values.shape == (8, 16, 16)
    assert np.flatnonzero(np.abs(found.values).sum((1, 2))).tolist() == [5]
    heat = found.heatmap()
    assert heat.shape == (8, 40, 60)
    assert found.times.tolist() == pytest.approx([i / 12 for i in (1, 4, 7, 10, 13, 16, 19, 22)])
    y, x = np.unravel_index(np.nanargmax(heat[5]), heat[5].shape)
    square = (FRAMES[16] == (220, 30, 30)).all(axis=2)
    assert square[y, x]
    assert x >= 30
    assert np.isnan(heat[:, :, :8]).all()  # cut away by the centre crop


def test_a_heatmap_of_one_frame_is_that_of_all_at_this_frame():
    found = explained(Small(), method="grad-cam", layer="deep")
    assert found.values.shape == (4, 8, 8)
    whole = found.heatmap()
    for frame in range(8):
        assert np.array_equal(found.heatmap(frame), whole[frame], equal_nan=True)


@pytest.mark.parametrize(
    ("method", "options", "shape"),
    [
        ("saliency", {}, (8, 16, 16)),
        ("layer-cam", {"layer": "deep"}, (4, 8, 8)),
        ("kernel-shap", {"regions": seewhy.Grid(2), "samples": 60}, (2, 2, 2)),
        ("occlusion", {"window": 8, "stride": 4}, (8, 16, 16)),
    ],
)
def test_methods_of_every_family_answer_in_space_and_time(method, options, shape):
    torch.manual_seed(0)
    found = explained(Small(), method=method, **options)
    assert found.values.shape == shape
    assert found.heatmap().shape == (8, 40, 60)
    assert len(list(found.film())) == 8
    assert "8 frames" in found.picture.notes[-1]


def test_regions_drawn_on_the_frames_are_regions_of_what_the_model_sees():
    labels = np.zeros((8, 40, 60), int)
    labels[5:, :, 30:] = 1
    found = explained(method="exact-shapley", regions=seewhy.Given(labels), baseline="black")
    whole, without = found.parts.values[1], found.parts.values[0]
    assert whole > 0
    assert without == pytest.approx(0, abs=1e-6)
    assert (found.heatmap()[5:, 20, 31:48] > 0).all()
    assert (found.heatmap()[:5, 20, 13:48] == 0).all()


def test_a_list_of_clips_is_explained_as_each_alone():
    clips = [Clip(FRAMES, fps=12), Clip(FRAMES[::-1], fps=12), Clip(FRAMES[:10], fps=12)]
    together = explained(clip=clips)
    for clip, found in zip(clips, together, strict=True):
        alone = explained(clip=clip)
        assert np.array_equal(found.values, alone.values)
        assert found.origin.image_digest == alone.origin.image_digest
    assert len({found.origin.image_digest for found in together}) == 3


def test_the_words_tell_when():
    found = explained(method="integrated-gradients", baseline="black")
    assert "strongest from 1.33 to 1.42 s, with 100% of all" in found.summary()
    assert found.alt_text().startswith("Clip clip (60 by 40 pixels)")
    counted = explained(clip=Clip(FRAMES), method="integrated-gradients", baseline="black")
    assert "strongest from frame 17, with" in counted.summary()


def test_places_are_told_of_the_strongest_moment_and_not_of_the_frame_in_the_middle():
    found = explained(Event(frame=6), method="integrated-gradients", baseline="black")
    assert not found.effect(found.geometry.time.middle).astype(bool)[np.isfinite(found.heatmap(4))].any()
    words = found.summary()
    assert "zero everywhere" not in words
    assert "At 1.58 s, of the evidence for it" in words
    x = int(re.search(r"around pixel x (\d+)", words)[1])
    assert 40 <= x < 52  # where the red square is then
    assert for_and_against(found) == (["1.58 to 1.67 s: 100% of the evidence for it, most of it middle right"], [])
    assert found.alt_text().endswith("The picture is the frame at 1.58 s.")


def test_a_map_that_is_zero_in_every_frame_says_so():
    clip = Clip(np.zeros((24, 40, 60, 3), np.uint8))
    found = explained(clip=clip)
    assert "The map is zero everywhere" in found.summary()
    assert for_and_against(found) == ([], [])


def test_evidence_against_is_told_of_its_own_moment():
    class Both(Event):
        def forward(self, clips):
            early = self.gain * clips[:, 0, 2].mean((1, 2))
            return super().forward(clips) - torch.stack([torch.zeros_like(early), early], dim=1)

    words = explained(Both(), method="integrated-gradients", baseline="black").summary()
    assert "At 1.33 s, of the evidence for it" in words
    assert "At 0.58 s, of the evidence against it (in all " in words


def test_a_saved_clip_comes_back_with_the_frames_that_the_model_saw(tmp_path):
    found = explained()
    loaded = seewhy.Explanation.load(found.save(tmp_path / "saved"))
    assert loaded.geometry == found.geometry
    assert loaded.to_json() == found.to_json()
    assert loaded.footage.digest == found.footage.digest
    for ours, theirs in zip(loaded.film(), found.film(), strict=True):
        assert np.array_equal(ours.pixels, theirs.pixels)
    with pytest.raises(StoreError, match="was not seen by the model"):
        list(loaded.film(every=True))


def test_a_photo_has_no_film():
    photo = seewhy.explain(lambda images: images.mean((2, 3)), torch.rand(3, 8, 8), method="occlusion", window=4)
    assert photo.times.size == 0
    for ask in (photo.film, photo.filmstrip):
        with pytest.raises(BadOption, match="is a photo"):
            ask()


# -- with files


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    pytest.importorskip("av", reason="PyAV is not installed")
    return write(tmp_path_factory.mktemp("clips") / "square.mp4", FRAMES)


def test_a_torchvision_network_explains_a_video_file(video):
    networks = pytest.importorskip("torchvision.models.video")
    torch.manual_seed(0)
    network = networks.r3d_18(num_classes=4)
    wants = replace(seewhy.adapt(network).preprocess, size=(36, 48), crop=(32, 32), pace=Pace(8))
    shapes = {"grad-cam": (4, 8, 8), "input-x-gradient": (8, 32, 32), "region-ablation": (2, 2, 2)}
    options = {"layer": "layer2", "regions": seewhy.Grid(2)}
    every = seewhy.explain(network, str(video), method=list(shapes), preprocess=wants, checks="quick", **options)
    for found, shape in zip(every, shapes.values(), strict=True):
        assert found.values.shape == shape
        assert found.heatmap().shape == (8, 40, 60)
        assert found.times.tolist() == pytest.approx([i / 25 for i in (1, 4, 7, 10, 13, 16, 19, 22)], abs=1e-3)
        assert found.picture.name == "square.mp4"


def test_a_damaged_video_fails_alone(video, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nothing")
    with pytest.warns(seewhy.errors.SeewhyWarning, match="1 of 2 inputs failed"):
        found = explained(clip=[str(video), broken])
    assert found[0].values.shape == (8, 16, 16)
    assert found.failures[0].error.code == "unreadable-clip"
