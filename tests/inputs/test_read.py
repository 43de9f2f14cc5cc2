"""Every kind of good image is read for what it shows."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from seewhy.domain.geometry import Geometry
from seewhy.domain.timeline import Timeline
from seewhy.inputs.preprocess import IMAGENET, Preprocess
from seewhy.inputs.read import Item, photo, read, read_sample

SMALL = Preprocess.of(size=16)
STORED = {  # how an upright image must be stored so that the tag turns it upright again
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def save_turned(path, pixels, orientation):
    image, exif = Image.fromarray(pixels), Image.Exif()
    exif[0x0112] = orientation
    stored = image if STORED[orientation] is None else image.transpose(STORED[orientation])
    stored.save(path, exif=exif, **({"quality": 95, "subsampling": 0} if path.suffix == ".jpg" else {}))
    return path


# -- files


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
@pytest.mark.parametrize("orientation", STORED)
def test_a_turned_photo_is_read_upright(tmp_path, orientation, suffix):
    upright = np.zeros((40, 24, 3), dtype=np.uint8)
    upright[:16, :8] = (255, 0, 0)
    upright[24:, 16:] = (0, 0, 255)
    picture = read(save_turned(tmp_path / f"turned{suffix}", upright, orientation))
    assert picture.size == (40, 24)
    assert np.abs(picture.pixels.astype(int) - upright).max() <= (130 if suffix == ".jpg" else 0)
    assert np.abs(picture.pixels.astype(int) - upright).mean() <= 3
    assert bool(picture.turned) == (orientation != 1)


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from(list(STORED)),
    st.tuples(st.integers(60, 160), st.integers(60, 160)),
    st.sampled_from([SMALL, Preprocess(resize="exact", size=(20, 30)), Preprocess(resize="letterbox", size=(24, 24))]),
)
def test_a_blob_in_a_turned_photo_comes_back_on_the_upright_photo(tmp_path_factory, orientation, size, preprocess):
    upright = np.zeros((*size, 3), dtype=np.uint8)
    y, x = size[0] // 2 - 11, size[1] // 2 + 6
    upright[y - 8 : y + 8, x - 8 : x + 8] = 255
    path = save_turned(tmp_path_factory.mktemp("turned") / "photo.jpg", upright, orientation)
    sample = read_sample(path, preprocess)
    back = np.nan_to_num(sample.geometry.to_original(sample.pixels.mean(0).numpy()))
    back[back < 0.1] = 0  # JPEG ripples
    found = [(back.sum(axis=1 - a) * (np.arange(size[a]) + 0.5)).sum() / back.sum() for a in (0, 1)]
    assert sample.picture.size == size
    assert abs(found[0] - y) <= 0.5 / sample.geometry.scale[0] + 0.1
    assert abs(found[1] - x) <= 0.5 / sample.geometry.scale[1] + 0.1


def test_sixteen_bit_grey_is_scaled_and_not_clipped(tmp_path):
    deep = np.array([[0, 257, 25700, 65535]], dtype=np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    Image.fromarray(deep).save(tmp_path / "deep.tif")
    for name in ("deep.png", "deep.tif"):
        picture = read(tmp_path / name)
        assert picture.pixels[0, :, 0].tolist() == [0, 1, 100, 255]
        assert picture.notes == ("16-bit grey scaled to 8 bits",)


def test_a_float_tiff_between_0_and_1_is_read(tmp_path):
    Image.fromarray(np.array([[0.0, 0.5, 1.0]], dtype=np.float32)).save(tmp_path / "float.tif")
    assert read(tmp_path / "float.tif").pixels[0, :, 1].tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    ("mode", "colour", "shown", "noted"),
    [
        ("RGB", (10, 20, 30), (10, 20, 30), ()),
        ("L", 77, (77, 77, 77), ("converted from grey",)),
        ("1", 1, (255, 255, 255), ("converted from black and white",)),
        ("RGBA", (10, 20, 30, 255), (10, 20, 30), ()),
        ("RGBA", (10, 20, 30, 0), (255, 255, 255), ("transparent parts laid on white",)),
        ("RGBA", (0, 0, 0, 51), (204, 204, 204), ("transparent parts laid on white",)),
        ("LA", (0, 51), (204, 204, 204), ("converted from grey", "transparent parts laid on white")),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0), ("converted from CMYK",)),
    ],
)
def test_every_mode_becomes_rgb(tmp_path, mode, colour, shown, noted):
    suffix = "tif" if mode == "CMYK" else "png"
    Image.new(mode, (3, 2), colour).save(tmp_path / f"image.{suffix}")
    picture = read(tmp_path / f"image.{suffix}")
    assert picture.pixels.shape == (2, 3, 3)
    assert picture.pixels.dtype == np.uint8
    assert picture.pixels[1, 2].tolist() == list(shown)
    assert picture.notes == noted


def test_a_cmyk_jpeg_keeps_its_colours(tmp_path):
    Image.new("RGB", (8, 8), (200, 100, 50)).convert("CMYK").save(tmp_path / "print.jpg", quality=95)
    assert np.abs(read(tmp_path / "print.jpg").pixels.astype(int) - (200, 100, 50)).max() <= 4


def test_a_palette_with_a_transparent_entry_shows_its_colours_on_white(tmp_path):
    image = Image.fromarray(np.array([[0, 1, 2]], dtype=np.uint8), mode="P")
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.save(tmp_path / "palette.png", transparency=1)
    picture = read(tmp_path / "palette.png")
    assert picture.pixels[0].tolist() == [[255, 0, 0], [255, 255, 255], [0, 0, 255]]
    assert picture.notes == ("converted from palette colours", "transparent parts laid on white")


def test_of_an_animation_the_first_frame_is_read(tmp_path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "lime", "blue")]
    for suffix in ("gif", "webp", "png"):
        options = {"lossless": True} if suffix == "webp" else {}
        frames[0].save(tmp_path / f"moving.{suffix}", save_all=True, append_images=frames[1:], **options)
        picture = read(tmp_path / f"moving.{suffix}")
        assert picture.pixels[0, 0].tolist() == [255, 0, 0]
        assert "first of 3 frames" in picture.notes


def test_an_image_of_one_pixel_works_from_file_to_model(tmp_path):
    Image.new("RGB", (1, 1), (10, 20, 30)).save(tmp_path / "dot.png")
    sample = read_sample(tmp_path / "dot.png", IMAGENET)
    assert tuple(sample.pixels.shape) == (3, 224, 224)
    assert (sample.pixels * 255)[:, 100, 100].round().tolist() == [10, 20, 30]
    assert sample.geometry.to_original(np.ones((7, 7))).tolist() == [[1.0]]


def test_the_picture_is_named_like_the_file_without_its_folders(tmp_path):
    Image.new("RGB", (2, 2)).save(tmp_path / "a <b>.png")
    assert read(str(tmp_path / "a <b>.png")).name == "a <b>.png"
    assert read(Image.open(tmp_path / "a <b>.png")).name == "a <b>.png"
    assert read(Item(tmp_path / "a <b>.png", "folder/a <b>.png")).name == "folder/a <b>.png"


def test_a_given_pil_image_is_turned_upright_and_itself_left_alone(tmp_path):
    upright = noise(5, 9, 3)
    image = Image.open(save_turned(tmp_path / "turned.png", upright, 6))
    assert (read(image).pixels == upright).all()
    assert image.size == (5, 9)
    assert image.getexif()[0x0112] == 6


# -- bundled photos


def test_the_bundled_photos_are_real_and_need_no_network(monkeypatch):
    monkeypatch.setattr("socket.socket", None)
    assert [photo(name).size for name in ("cat", "coffee", "camera")] == [(300, 451), (400, 600), (512, 512)]
    assert all(photo(name).pixels.std() > 20 for name in ("astronaut", "rocket", "motorcycle"))
    assert read("photo:cat").name == "cat"
    assert (read("photo:cat").pixels == photo("cat").pixels).all()


# -- arrays and tensors


@pytest.mark.parametrize(
    "shape", [(6, 7, 3), (6, 7, 1), (6, 7), (3, 6, 7), (1, 6, 7), (3, 4, 3), (1, 1, 3), (1, 1)], ids=str
)
def test_arrays_are_read_by_a_clear_rule(shape):
    values = noise(*shape)
    last = values[..., None] if values.ndim == 2 else values if shape[-1] in (1, 3) else values.transpose(1, 2, 0)
    picture = read(values)
    assert (picture.pixels == np.broadcast_to(last, (*last.shape[:2], 3))).all()
    assert bool(picture.notes) == (shape in [(3, 4, 3), (1, 1, 3)])
    assert (read(values.astype(np.float64) / 255).pixels == picture.pixels).all()


def test_a_tensor_is_always_channels_first():
    values = noise(3, 4, 3)
    assert (read(torch.from_numpy(values)).pixels == values.transpose(1, 2, 0)).all()
    assert (read(torch.from_numpy(values).to(torch.bfloat16) / 256).pixels.shape) == (4, 3, 3)


def test_an_array_with_alpha_is_laid_on_white():
    values = np.zeros((2, 2, 4), dtype=np.uint8)
    values[0, 0] = (9, 8, 7, 255)
    picture = read(values)
    assert picture.pixels[:, :, 1].tolist() == [[8, 255], [255, 255]]
    assert picture.notes == ("transparent parts laid on white",)


def test_a_tensor_of_the_models_size_is_neither_resized_cropped_nor_rounded():
    values = torch.rand(3, 16, 16, requires_grad=True)
    for given_values in (values, values.detach().numpy().transpose(1, 2, 0)):
        sample = read_sample(given_values, SMALL)
        assert torch.equal(sample.pixels, values)
        assert sample.geometry == Geometry.identity((16, 16))
    assert not sample.pixels.requires_grad
    sample.pixels[:] = 0
    assert values.max() > 0


def test_a_tensor_of_another_size_is_preprocessed_like_a_photo_and_says_so():
    sample = read_sample(torch.rand(3, 30, 20), SMALL)
    assert tuple(sample.pixels.shape) == (3, 16, 16)
    assert sample.picture.size == (30, 20)
    assert sample.picture.notes == ("float pixels rounded to 8 bits before resizing",)
    assert read_sample(noise(30, 20, 3), SMALL).picture.notes == ()


def test_a_photo_of_the_models_size_is_still_cropped_as_the_model_was_evaluated(tmp_path):
    Image.fromarray(noise(16, 16, 3)).save(tmp_path / "photo.png")
    assert read_sample(tmp_path / "photo.png", SMALL).geometry.steps == ("resized 16x16 to 18x18", "centre crop 16x16")


def test_grey_and_colour_are_matched_to_the_model():
    grey, colour = noise(16, 16), noise(16, 16, 3)
    assert torch.equal(*(read_sample(grey, SMALL).pixels[i] for i in (0, 2)))
    as_grey = read_sample(colour, Preprocess.of(size=16, channels=1)).pixels
    assert (as_grey[0] * 255).round().numpy().tolist() == np.array(Image.fromarray(colour).convert("L")).tolist()


@pytest.mark.parametrize("shape", [(3, 5, 6), (1, 5, 6), (12, 5, 6), (3, 4, 5, 6), (2, 1, 1)], ids=str)
def test_plain_preprocessing_takes_tensors_exactly_as_they_are(shape):
    values = torch.randn(shape) * 100
    sample = read_sample(values, Preprocess.plain())
    assert torch.equal(sample.pixels, values)
    assert Preprocess.plain().normalise(sample.pixels) is sample.pixels
    time = Timeline.identity(shape[1]) if len(shape) == 4 else None
    assert sample.geometry == replace(Geometry.identity(shape[-2:]), time=time)
    assert sample.picture.size == shape[-2:]
    assert any("smallest value" in note for note in sample.picture.notes)


def test_of_a_clip_the_middle_frame_is_drawn():
    clip = torch.zeros(3, 5, 4, 4)
    clip[:, 2] = 1
    picture = read_sample(clip, Preprocess.plain()).picture
    assert (picture.pixels == 255).all()
    assert picture.notes == ("drawn on frame 3 of 5",)


def test_plain_preprocessing_reads_photos_and_8_bit_arrays_between_0_and_1():
    values = noise(5, 6, 3)
    sample = read_sample(values, Preprocess.plain())
    assert torch.allclose(sample.pixels, torch.from_numpy(values).permute(2, 0, 1) / 255)
    assert read_sample("photo:cat", Preprocess.plain()).pixels.shape == (3, 300, 451)
    ends_in_colours = read_sample(values.astype(np.float32) - 9, Preprocess.plain())
    assert ends_in_colours.pixels.shape == (3, 5, 6)


def test_the_same_thing_read_twice_has_the_same_digest():
    values = noise(5, 6, 3)
    assert read(values).digest == read(values / 255.0).digest != read(values[::-1]).digest
