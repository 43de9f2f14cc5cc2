"""Each bad input gives exactly one error of the right class: what was given, and what to do."""

import os
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from seewhy.errors import BadPixels, ImageTooLarge, MissingInput, SeewhyError, UnreadableImage
from seewhy.inputs.preprocess import IMAGENET, Preprocess
from seewhy.inputs.read import expand, photo, read, read_sample


def png_header(width, height):
    """A PNG file of a few bytes that claims to be huge."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.fixture
def folder(tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(tmp_path / "cat.jpg")
    whole = (tmp_path / "cat.jpg").read_bytes()
    Image.open(tmp_path / "cat.jpg").save(tmp_path / "cat.ico")
    Image.open(tmp_path / "cat.jpg").save(tmp_path / "cat.png")
    png = (tmp_path / "cat.png").read_bytes()
    files = {
        "empty.jpg": b"",
        "truncated.jpg": whole[: len(whole) // 2],
        "truncated.png": png[: len(png) // 2],
        "garbled.png": png[:60] + bytes(200) + png[260:],
        "header only.png": png[:20],
        "text.png": b"this is not an image",
        "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        "drawing.png": b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        "bomb.png": png_header(50_000, 50_000),
        "large.png": png_header(10_050, 10_000),
        "warned.png": png_header(9_500, 9_500),
        "two\nlines.png": b"no",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    Image.fromarray(np.array([[-1.0, 0.5]], dtype=np.float32)).save(tmp_path / "float.tif")
    Image.fromarray(np.array([[70_000, 5]], dtype=np.int32)).save(tmp_path / "int.tif")
    Image.fromarray(np.array([[np.nan, 0.5]], dtype=np.float32)).save(tmp_path / "nan.tif")
    os.mkfifo(tmp_path / "pipe.png")
    return tmp_path


FILES = [
    ("cat.jpeg", MissingInput, "does not exist. Did you mean 'cat.jpg'"),
    ("no/such/folder.png", MissingInput, "does not exist."),
    ("with\0null.png", MissingInput, "does not exist."),
    ("x" * 5000 + ".png", MissingInput, "does not exist."),
    (".", MissingInput, "is a folder"),
    ("pipe.png", UnreadableImage, "a device or a pipe"),
    ("empty.jpg", UnreadableImage, "is empty"),
    ("truncated.jpg", UnreadableImage, "truncated"),
    ("truncated.png", UnreadableImage, "truncated"),
    ("garbled.png", UnreadableImage, "cannot be decoded"),
    ("header only.png", UnreadableImage, "header only.png' "),
    ("text.png", UnreadableImage, "is not a PNG, JPEG"),
    ("drawing.svg", UnreadableImage, "is not a PNG, JPEG"),
    ("drawing.png", UnreadableImage, "is not a PNG, JPEG"),
    ("cat.ico", UnreadableImage, "is not a PNG, JPEG"),
    ("two\nlines.png", UnreadableImage, "two\\nlines.png"),
    ("bomb.png", ImageTooLarge, "too large to decode safely"),
    ("large.png", ImageTooLarge, "too large to decode safely"),
    ("warned.png", ImageTooLarge, "too large to decode safely"),
    ("float.tif", BadPixels, "from -1 to 0.5"),
    ("nan.tif", BadPixels, "from nan to nan"),
    ("int.tif", BadPixels, "from 5 to 70000"),
]
THINGS = [
    (np.full((4, 4, 3), np.nan), "48 of 48 values are NaN or infinite"),
    (torch.tensor([[[1.0, float("inf")]]]), "1 of 2 values are NaN or infinite"),
    (torch.rand(3, 4, 5) * 255, "divide by 255"),
    (np.random.default_rng(0).normal(size=(8, 9, 3)), "preprocess=Preprocess.plain()"),
    (np.zeros((0, 4, 3), dtype=np.uint8), "(0, 4, 3)"),
    (torch.zeros(3, 0, 4), "(3, 0, 4)"),
    (Image.new("RGB", (0, 5)), "5x0"),
    (np.zeros((5, 6, 2)), "(5, 6, 2)"),
    (np.zeros((2, 5, 6, 3)), "(2, 5, 6, 3)"),
    (np.zeros(7), "(7,)"),
    (torch.zeros(5, 6), "(5, 6)"),
    (torch.zeros(4, 5, 6), "(4, 5, 6)"),
    (torch.zeros(1, 3, 5, 6), "(1, 3, 5, 6)"),
    (np.zeros((4, 4, 3), dtype=np.int64), "int64"),
    (np.zeros((4, 4), dtype=bool), "bool"),
    (np.array([["a", "b"]]), "<U1"),
    (np.zeros((4, 4), dtype=complex), "complex128"),
    (None, "NoneType"),
    (3, "int"),
]


def assert_two_lines(error, said):
    problem, fix = str(error).split("\n")
    assert said in str(error)
    assert problem.endswith((".", "?"))
    assert fix.startswith("  fix: ")
    assert fix.endswith(".")


@pytest.mark.parametrize(("name", "kind", "said"), FILES, ids=[name[:20] for name, _, _ in FILES])
def test_a_bad_file_gives_one_two_line_error(folder, name, kind, said):
    for thing in (folder / name, str(folder / name)):
        with pytest.raises(SeewhyError) as caught:
            read(thing)
        assert type(caught.value) is kind
        assert_two_lines(caught.value, said)


@pytest.mark.parametrize(("thing", "said"), THINGS, ids=[said for _, said in THINGS])
def test_bad_pixels_give_one_two_line_error(thing, said):
    for ask in (read, lambda x: read_sample(x, IMAGENET)):
        with pytest.raises(SeewhyError) as caught:
            ask(thing)
        assert type(caught.value) is BadPixels
        assert_two_lines(caught.value, said)


def test_a_damaged_image_that_was_only_opened_by_the_caller_is_refused_too(folder):
    with pytest.raises(UnreadableImage, match="JPEG image cannot be decoded"):
        read(Image.open(folder / "truncated.jpg"))


def test_the_size_is_refused_from_the_header_before_pixels_are_decoded(folder, monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(ImageTooLarge, match=r"has 0.004096 megapixels \(64x64\), more than the 0.004"):
        read(folder / "cat.jpg", largest=4000)


def test_a_bomb_is_refused_also_where_pillows_own_limit_was_switched_off(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    with pytest.raises(ImageTooLarge, match=r"has 2500 megapixels \(50000x50000\), more than the 100 allowed"):
        read(folder / "bomb.png")
    with pytest.raises(ImageTooLarge, match=r"10000x10050"):
        read(folder / "large.png")


@pytest.mark.parametrize("values", [torch.full((3, 4, 4), float("nan")), torch.zeros(3, 0, 4), torch.zeros(4)])
def test_even_plain_preprocessing_refuses_what_no_model_can_use(values):
    with pytest.raises(BadPixels):
        read_sample(values, Preprocess.plain())


def test_an_unknown_photo_names_the_known():
    with pytest.raises(MissingInput, match=r"'caat'. Did you mean 'cat'") as caught:
        read("photo:caat")
    assert_two_lines(caught.value, "cat, coffee, astronaut, rocket, motorcycle, camera")


def test_a_photo_without_its_package_names_the_extra(monkeypatch):
    monkeypatch.setattr("seewhy.inputs.photos.find_spec", lambda name: None)
    with pytest.raises(SeewhyError, match=r"pip install 'seewhy\[demo\]'"):
        photo("cat")


def test_a_folder_without_images_is_missing_input(tmp_path):
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / ".hidden.png").write_bytes(b"")
    with pytest.raises(MissingInput, match="holds no image"):
        expand(tmp_path)


def test_a_list_with_a_bad_file_is_expanded_without_reading_it(folder):
    items, single = expand([folder / "cat.jpg", folder / "text.png"])
    assert [item.name for item in items] == ["cat.jpg", "text.png"]
    assert not single
    assert read(items[0]).size == (64, 64)
    with pytest.raises(UnreadableImage):
        read(items[1])
