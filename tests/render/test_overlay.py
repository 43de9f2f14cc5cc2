"""The picture of one explanation."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from render.factory import asked, blobs, crop_geometry, explanation, photo, unsigned, with_parts
from seewhy.domain.geometry import Geometry
from seewhy.domain.picture import Picture
from seewhy.errors import BadOption
from seewhy.render import lettering
from seewhy.render.frame import LARGEST, SMALLEST, frame
from seewhy.render.overlay import overlay
from seewhy.render.view import VIEWS


def pixels(example, **options):
    return np.asarray(overlay(example, **options)).astype(int)


@pytest.mark.parametrize("view", list(VIEWS))
@pytest.mark.parametrize("make", [explanation, unsigned, with_parts])
def test_every_view_of_every_kind_of_map_covers_the_whole_original(make, view):
    assert overlay(make(), view=view, legend=False).size == (451, 300)


def test_the_photo_view_is_the_photo():
    assert (pixels(explanation(), view="photo", legend=False) == photo()).all()


def test_colour_lies_where_the_map_is_strong_and_not_shifted_by_the_crop():
    # A single strong cell of the model's input must be orange exactly where that cell lies on the original.
    values = np.zeros((7, 7), np.float32)
    values[1, 5] = 1.0
    example = explanation(values=values)
    before = pixels(explanation(values=np.zeros((7, 7), np.float32)), legend=False, scale=1.0)
    after = pixels(example, legend=False, scale=1.0)
    changed = np.abs(after - before).sum(-1)
    y, x = np.unravel_index(changed.argmax(), changed.shape)
    wanted = example.geometry.point_to_original((1 + 0.5) * 32, (5 + 0.5) * 32)
    assert (y, x) == pytest.approx(wanted, abs=32 / 2 / 0.85)
    assert after[y, x, 0] > after[y, x, 2] + 60  # orange


def test_what_speaks_against_is_blue():
    values = -blobs(7, (0.5, 0.5, 0.2, 1.0))
    red, _, blue = pixels(explanation(values=values), view="map", legend=False)[150, 225]
    assert blue > red + 60


def test_the_part_that_the_model_did_not_see_is_hatched_and_dimmed():
    example = explanation()
    unseen = ~example.geometry.seen_mask()
    drawn = pixels(example, legend=False)[unseen]
    assert (drawn.max(-1) - drawn.min(-1) <= 1).all()  # no colour, so it cannot be mistaken for evidence
    assert drawn.mean() < photo()[unseen].mean()
    assert drawn.std() > 25  # stripes


def test_the_legend_explains_the_hatch_only_where_there_is_one():
    whole = explanation(geometry=Geometry.identity((300, 451)), values=blobs(7, (0.5, 0.5, 0.2, 1.0)))
    assert overlay(whole).height < overlay(explanation()).height


def test_a_given_scale_makes_maps_comparable():
    weak = explanation(values=0.1 * explanation().values)
    own = np.abs(pixels(weak, legend=False) - pixels(explanation(), legend=False)).max()
    shared = pixels(weak, legend=False, scale=1.0), pixels(explanation(), legend=False, scale=1.0)
    assert own <= 2  # each on its own scale looks alike, however weak it is
    assert np.abs(shared[0] - shared[1]).max() > 60


def test_the_regions_view_keeps_only_the_strongest_place_bright():
    drawn = pixels(with_parts(), view="regions", legend=False)
    best = with_parts().geometry.to_original((with_parts().parts.labels == 5).astype(float), blocky=True) == 1
    inner = best & np.roll(best, 8, 0) & np.roll(best, -8, 0) & np.roll(best, 8, 1) & np.roll(best, -8, 1)
    assert (drawn[inner] == photo()[inner]).all()
    far = with_parts().geometry.to_original((with_parts().parts.labels == 12).astype(float), blocky=True) == 1
    assert drawn[far].mean() < 0.5 * photo()[far].mean()


def test_lines_for_and_against_differ_in_more_than_colour():
    signed = explanation(values=np.abs(explanation().values))
    negative = explanation(values=-np.abs(explanation().values))
    bare = pixels(explanation(values=np.zeros((7, 7), np.float32)), view="contour", legend=False)
    solid = (np.abs(pixels(signed, view="contour", legend=False) - bare).sum(-1) > 60).sum()
    dashed = (np.abs(pixels(negative, view="contour", legend=False) - bare).sum(-1) > 60).sum()
    assert dashed < 0.8 * solid  # the same line with gaps


@pytest.mark.parametrize("view", list(VIEWS))
def test_a_zero_map_can_be_drawn_and_says_so(view):
    assert overlay(explanation(values=np.zeros((7, 7), np.float32)), view=view).width == 451


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (3, 2), (40, 30)])
def test_tiny_and_thin_photos_are_enlarged_so_that_they_can_be_read(size):
    tiny = np.full((*size, 3), 90, np.uint8)
    example = explanation(pixels=tiny, picture=Picture(tiny), geometry=Geometry.identity(size))
    image = overlay(example)
    assert image.width >= 400
    assert image.height > 60
    assert max(overlay(example, legend=False).size) >= SMALLEST


def test_large_photos_are_reduced():
    large = np.zeros((1500, 2200, 3), np.uint8)
    example = explanation(pixels=large, picture=Picture(large), geometry=crop_geometry((1500, 2200)))
    assert max(overlay(example, legend=False).size) == LARGEST
    assert frame(example).seen.mean() == pytest.approx(example.geometry.seen_mask().mean(), abs=0.01)


def test_parts_keep_sharp_borders_when_a_small_photo_is_enlarged():
    small = np.zeros((56, 56, 3), np.uint8)
    example = with_parts(pixels=small, picture=Picture(small), geometry=Geometry.identity((56, 56)).resized((224, 224)))
    found = np.unique(frame(example).heat)
    assert np.isin(found, example.parts.values).all()


def test_a_clip_is_drawn_by_its_middle_frame():
    values = np.stack([np.zeros((7, 7), np.float32), blobs(7, (0.5, 0.5, 0.2, 1.0)), np.zeros((7, 7), np.float32)])
    middle = explanation(values=values[1])
    assert (pixels(explanation(values=values), legend=False) == pixels(middle, legend=False)).all()


def test_an_unknown_view_is_refused_with_the_known_ones():
    with pytest.raises(BadOption, match=r"heet.*heat") as caught:
        overlay(explanation(), view="heet")
    assert "contour" in caught.value.fix


@pytest.mark.parametrize("scale", [-1.0, float("nan")])
def test_a_senseless_scale_is_refused(scale):
    with pytest.raises(BadOption):
        overlay(explanation(), scale=scale)


@pytest.mark.parametrize(
    "label", ["漢字の猫", "café crème", "x" * 3000, "a\nb\tc", "", "many words " * 60, "<b>bold</b>", "жук"]
)
def test_any_class_name_can_be_drawn_inside_the_picture(label, monkeypatch):
    drawn = []
    original = lettering.wrap

    def watched(text, size, width):
        found = original(text, size, width)
        drawn.extend((line, size, width) for line in found)
        return found

    monkeypatch.setattr("seewhy.render.legend.wrap", watched)
    example = asked(explanation(), label=label)
    image = overlay(example)
    assert image.width == 451
    assert image.height < 900
    assert all(lettering.width_of(line, size) <= width for line, size, width in drawn)


def test_letters_that_the_font_lacks_are_not_drawn_as_boxes():
    assert lettering.drawable("café") == "cafe"
    assert lettering.drawable("−0.5 – × ±") == "-0.5 - x ±"
    assert lettering.drawable("漢字", otherwise="class 7") == "class 7"


def test_drawing_leaves_the_explanation_alone():
    example = with_parts()
    values, pixels_before = example.values.copy(), example.picture.pixels.copy()
    for view in VIEWS:
        overlay(example, view=view)
    assert (example.values == values).all()
    assert (example.picture.pixels == pixels_before).all()


def test_the_same_explanation_gives_the_same_picture():
    assert overlay(with_parts()).tobytes() == overlay(replace(with_parts())).tobytes()


def test_overlay_gives_a_plain_picture():
    assert isinstance(overlay(explanation()), Image.Image)
    assert overlay(explanation()).mode == "RGB"


def test_a_map_of_single_pixels_is_averaged_so_that_it_can_be_seen_and_the_map_view_is_not():
    values = np.zeros((224, 224), np.float32)
    values[::2, ::2] = 1.0
    example = unsigned(values=values)
    assert np.ptp(frame(example, "heat").heat[140:160, 200:220]) < 0.3 * np.ptp(
        frame(example, "map").heat[140:160, 200:220]
    )
    assert overlay(example).height > overlay(example, view="map").height  # the legend says so


def test_a_coarse_map_and_parts_are_drawn_as_they_are():
    for example in (explanation(), with_parts()):
        assert np.array_equal(frame(example, "heat").heat, frame(example, "map").heat, equal_nan=True)
