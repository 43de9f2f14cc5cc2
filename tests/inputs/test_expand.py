"""One thing or many."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from seewhy.domain.picture import Picture
from seewhy.errors import BadPixels
from seewhy.inputs.read import Item, expand, photo, read


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        ("folder/cat.jpg", "cat.jpg"),
        (Path("folder/cat.jpg"), "cat.jpg"),
        ("photo:cat", "cat"),
        (Image.new("RGB", (2, 2)), "image"),
        (Picture(np.zeros((2, 2, 3), dtype=np.uint8), name="mine"), "mine"),
        (torch.zeros(3, 4, 5), "image"),
        (np.zeros((4, 5, 3)), "image"),
        (np.zeros((4, 5)), "image"),
        (Item("cat.jpg", "one"), "one"),
        (None, "image"),
    ],
)
def test_one_thing_is_single(thing, name):
    items, single = expand(thing)
    assert single
    assert [item.name for item in items] == [name]
    assert items[0].thing is thing or items[0] is thing


@pytest.mark.parametrize(
    ("things", "shapes"),
    [
        (torch.zeros(2, 3, 4, 5), [(3, 4, 5)] * 2),
        (torch.zeros(1, 3, 4, 5), [(3, 4, 5)]),
        (torch.zeros(2, 3, 6, 4, 5), [(3, 6, 4, 5)] * 2),
        (np.zeros((2, 4, 5, 3)), [(4, 5, 3)] * 2),
        ([torch.zeros(3, 4, 5), np.zeros((4, 5))], [(3, 4, 5), (4, 5)]),
        ((np.zeros((i, 5)) for i in (1, 2)), [(1, 5), (2, 5)]),
        ([torch.zeros(3, 1, 1)], [(3, 1, 1)]),
        ([], []),
    ],
    ids=lambda value: type(value).__name__,
)
def test_batches_lists_and_generators_are_many(things, shapes):
    items, single = expand(things)
    assert not single
    assert [tuple(item.thing.shape) for item in items] == shapes
    assert [item.name for item in items] == [f"image {i}" for i in range(len(items))]


def test_a_folder_is_its_image_files_sorted_with_relative_names(tmp_path):
    for name in ("b.PNG", "a.jpg", "sub/c.webp", ".hidden.png", ".git/d.png", "notes.txt", "drawing.svg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    for given in (tmp_path, str(tmp_path), [tmp_path]):
        items, single = expand(given)
        assert not single
        assert [item.name for item in items] == ["a.jpg", "b.PNG", "sub/c.webp"]


def test_an_item_is_read_under_its_own_name():
    assert read(Item(photo("cat"), "the cat")).name == "the cat"


@pytest.mark.parametrize("thing", [{"image": "cat.jpg"}, b"bytes"])
def test_what_only_looks_like_many_is_refused(thing):
    with pytest.raises(BadPixels, match=type(thing).__name__):
        expand(thing)
