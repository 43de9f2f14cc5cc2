"""The outline of the box or mask that was asked about, told by pixels."""

import base64
import io
import re

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import seewhy
from render.factory import explanation, photo
from seewhy.domain.geometry import Geometry
from seewhy.domain.marked import Marked
from seewhy.domain.picture import Picture
from seewhy.render.figure import GAP, TILE, sheet
from seewhy.render.overlay import overlay
from seewhy.render.view import VIEWS
from seewhy.report.html import html

BOX = (120.0, 60.0, 300.0, 240.0)  # left, top, right, bottom
REACH = 4  # pixels to each side of an edge that the line with its rim may take


def square() -> np.ndarray:
    mask = np.zeros((300, 451), dtype=bool)
    mask[60:240, 120:300] = True
    return mask


MARKS = {"box": Marked(BOX), "mask": Marked.of(square())}


def made(marked, pixels=None, size=None):
    """An explanation that says nothing, on a photo that was seen as a whole."""
    pixels = photo() if pixels is None else pixels
    pixels = pixels if size is None else np.asarray(Image.fromarray(pixels).resize(size[::-1]))
    shown = {"geometry": Geometry.identity(pixels.shape[:2]), "picture": Picture(pixels), "marked": marked}
    return explanation(pixels=pixels, values=np.zeros((7, 7), np.float32), **shown)


def drawn(marked, *, view="heat", **how):
    return np.asarray(overlay(made(marked, **how), view=view, legend=False)).astype(int)


def changed(marked, **how):
    return np.abs(drawn(marked, **how) - drawn(None, **how)).max(axis=-1) > 8


def near_edges(size, box=BOX, reach=REACH):
    """The pixels of a picture that lie within reach of the edges of a box."""
    y, x = np.indices(size) + 0.5
    left, top, right, bottom = box
    outside = np.maximum.reduce([left - x, x - right, top - y, y - bottom])
    return np.abs(outside) <= reach


@pytest.mark.parametrize("view", [view for view in VIEWS if view != "photo"])
@pytest.mark.parametrize("kind", MARKS)
def test_the_line_lies_along_the_edges_and_nowhere_else(kind, view):
    here = changed(MARKS[kind], view=view)
    near = near_edges(here.shape)
    assert not here[~near].any()
    for row, column in [(60, 200), (239, 200), (150, 120), (150, 299)]:  # top, bottom, left, right
        assert here[row - 2 : row + 3, column - 2 : column + 3].any()
    assert here[near_edges(here.shape, reach=1)].mean() > 0.9


@pytest.mark.parametrize("kind", MARKS)
@pytest.mark.parametrize("ground", [(0, 0, 0), (255, 255, 255), (128, 128, 128), (196, 88, 20), (38, 96, 196)])
def test_it_is_seen_on_any_ground(ground, kind):
    flat = np.full((300, 451, 3), ground, np.uint8)
    across = drawn(MARKS[kind], view="map", pixels=flat)[150, 110:130].mean(axis=-1)
    assert across.max() - across.min() > 150
    assert (np.abs(across - across[0]) > 8).sum() <= 2 * REACH  # and it is thin


@pytest.mark.parametrize("factor", [0.5, 4])
def test_it_moves_with_the_photo_when_that_is_enlarged_or_reduced(factor):
    size = (round(300 * factor), round(451 * factor))
    box = tuple(edge * factor for edge in BOX)
    here = changed(Marked(box), size=size)
    back = [here.shape[1] / size[1], here.shape[0] / size[0]]
    there = tuple(edge * back[i % 2] for i, edge in enumerate(box))
    assert not here[~near_edges(here.shape, there, 2 * REACH)].any()
    assert here[near_edges(here.shape, there, 1)].mean() > 0.9


@pytest.mark.parametrize("mark", [Marked((0, 0, 451, 300)), Marked.of(np.ones((300, 451), bool))], ids=MARKS)
def test_a_line_along_the_border_of_the_photo_is_whole(mark):
    flat = drawn(mark, view="map")
    for strip in (flat[150, :8], flat[150, -8:], flat[:8, 200], flat[-8:, 200]):
        assert strip.mean(axis=-1).min() < 80


def embedded(page):
    """The pictures of a report."""
    found = re.findall(r"data:image/jpeg;base64,([^\"]+)", page)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))).astype(int) for data in found]


@pytest.mark.parametrize("kind", MARKS)
def test_the_report_draws_it_in_the_same_place_as_the_picture(kind):
    pages = [embedded(html([made(mark)], title="t")) for mark in (MARKS[kind], None)]
    assert len(pages[0]) == len(pages[1]) == 3
    for view, one, other in zip(("heat", "contour", "regions"), *pages, strict=True):
        picture = np.asarray(overlay(made(MARKS[kind]), view=view, legend=False, longest=one.shape[1])).astype(int)
        near = near_edges(picture.shape[:2], tuple(edge * one.shape[1] / 451 for edge in BOX))
        assert np.abs(one[: len(picture)] - picture)[near].mean() < 8
        assert np.abs(other[: len(picture)] - picture)[near].mean() > 40


def original(*explanations):
    """The original in a sheet: its first tile."""
    page = np.asarray(sheet(explanations)).astype(int)
    return page[GAP : GAP + round(TILE * 300 / 451), GAP : GAP + TILE]


@pytest.mark.parametrize("kind", MARKS)
def test_the_original_in_a_sheet_carries_it_too(kind):
    here = np.abs(original(made(MARKS[kind])) - original(made(None))).max(axis=-1) > 8
    edges = tuple(edge * TILE / 451 for edge in BOX)
    assert not here[~near_edges(here.shape, edges)].any()
    assert here[near_edges(here.shape, edges, 1)].mean() > 0.9


def test_the_original_in_a_sheet_marks_every_place_that_was_asked_about_once():
    other = Marked((20.0, 20.0, 100.0, 100.0))
    here = np.abs(original(made(MARKS["box"]), made(other), made(Marked(BOX))) - original(made(None))).max(axis=-1) > 8
    for box in (BOX, other.box):
        assert here[near_edges(here.shape, tuple(edge * TILE / 451 for edge in box), 1)].mean() > 0.9
    assert (original(made(Marked(BOX)), made(Marked(BOX))) == original(made(Marked(BOX)))).all()


def test_the_photo_view_stays_the_photo_and_the_legend_says_what_the_line_is():
    assert (drawn(MARKS["box"], view="photo") == photo()).all()
    assert overlay(made(MARKS["box"])).height > overlay(made(None)).height


class Finds(nn.Module):
    """A thing in the left half, as sure as it is bright."""

    def forward(self, images):
        box, label = torch.tensor([[0.0, 0.0, 16.0, 32.0]]), torch.tensor([1])
        return [{"boxes": box, "labels": label, "scores": image[:, :, :16].mean()[None]} for image in images]


class Calls(nn.Module):
    """The left half is called by the second name, on a grid of 8 x 8."""

    def forward(self, images):
        level = nn.functional.avg_pool2d(images.mean(dim=1, keepdim=True), 4)
        left = (torch.arange(8) < 4).float()
        return torch.cat([0.1 + 0 * level, level * left - (1 - left)], dim=1)


CROPPED = seewhy.Preprocess(crop=(32, 32))
ASKED = {"method": "occlusion", "window": 16, "stride": 16}


def test_a_box_that_was_asked_about_is_marked_on_the_photo_and_kept_in_files(tmp_path):
    image = np.full((48, 64, 3), 200, np.uint8)
    detector = seewhy.adapt(Finds(), task="detection", labels=["nothing", "thing"], preprocess=CROPPED)
    given = seewhy.explain(detector, image, target=seewhy.Box(20, 10, 40, 30, label="thing"), **ASKED)
    assert given.marked.box == pytest.approx((20, 10, 40, 30))
    found = seewhy.explain(detector, image, **ASKED)
    assert found.marked.box == pytest.approx((16, 8, 32, 40))  # the left half of the crop
    again = seewhy.Explanation.load(given.save(tmp_path / "box"))
    assert again.marked.box == given.marked.box
    assert again.marked.mask is None
    assert (np.asarray(again.overlay()) == np.asarray(given.overlay())).all()
    assert given.to_json()["marked"] == {"kind": "box", "box": list(given.marked.box)}


def test_a_mask_that_was_asked_about_is_marked_on_the_photo_and_kept_in_files(tmp_path):
    image = np.full((48, 64, 3), 200, np.uint8)
    segmenter = seewhy.adapt(Calls(), task="segmentation", labels=["background", "thing"], preprocess=CROPPED)
    mask = np.zeros((48, 64), dtype=bool)
    mask[10:30, 20:40] = True
    given = seewhy.explain(segmenter, image, target=seewhy.Segment("thing", mask=mask), **ASKED)
    assert (given.marked.mask == mask).all()
    assert given.marked.box == (20, 10, 40, 30)
    found = seewhy.explain(segmenter, image, **ASKED)
    assert found.marked.box == (16, 8, 32, 40)  # where the class is predicted
    again = seewhy.Explanation.load(given.save(tmp_path / "mask"))
    assert (again.marked.mask == mask).all()
    assert given.to_json()["marked"]["kind"] == "mask"


def test_a_question_about_the_whole_marks_nothing():
    found = seewhy.explain(lambda images: images.mean(dim=(2, 3)), torch.rand(3, 32, 32), **ASKED)
    assert found.marked is None
    assert found.to_json()["marked"] is None
