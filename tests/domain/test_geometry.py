"""Maps come back to where they were on the photo, and only to what the model looked at."""

import json

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from seewhy.domain.geometry import Geometry
from seewhy.domain.picture import Picture
from seewhy.inputs.preprocess import Preprocess

quick = settings(deadline=None, max_examples=60)

sizes = st.tuples(st.integers(1, 200), st.integers(1, 200))
targets = st.tuples(st.integers(1, 60), st.integers(1, 60))


@st.composite
def recipes(draw):
    """Short side and centre crop, cover and crop, stretched, letterbox, and padded by a crop beyond the image."""
    kind = draw(st.sampled_from(["short", "cover", "exact", "letterbox", "none"]))
    size = {"short": (draw(st.integers(8, 60)),), "none": ()}.get(kind) or (draw(st.integers(8, 60)),) * 2
    crop = draw(st.none() | st.tuples(st.integers(5, 60), st.integers(5, 60)))
    if kind in ("cover", "letterbox", "exact"):
        size = (size[0], draw(st.integers(8, 60)))
    return Preprocess(resize=kind, size=size if kind != "none" else (), crop=crop)


def geometry_of(recipe, size):
    return recipe(Picture(np.zeros((*size, 3), dtype=np.uint8)))[1]


def centroid(values):
    values = np.nan_to_num(values)
    total = values.sum()
    return tuple(
        float((values.sum(axis=1 - axis) * (np.arange(values.shape[axis]) + 0.5)).sum() / total) for axis in (0, 1)
    )


@quick
@given(recipes(), st.tuples(st.integers(40, 200), st.integers(40, 200)), st.floats(0, 1), st.floats(0, 1))
def test_a_planted_blob_comes_back_to_where_it_was(recipe, size, down, across):
    geometry = geometry_of(recipe, size)
    sy, sx = geometry.scale
    assume(min(geometry.model) >= 8)
    radius = [int(np.ceil(1 / s)) for s in (sy, sx)]
    margin = [2 * r + 2 for r in radius]  # the whole blob is seen, with its blurred edge
    top, left, bottom, right = geometry.seen
    assume(bottom - top > 2 * margin[0] + 1 and right - left > 2 * margin[1] + 1)
    y = int(top + margin[0] + down * (bottom - top - 2 * margin[0] - 1))
    x = int(left + margin[1] + across * (right - left - 2 * margin[1] - 1))
    pixels = np.zeros((*size, 3), dtype=np.uint8)
    pixels[y - radius[0] : y + radius[0] + 1, x - radius[1] : x + radius[1] + 1] = 255

    seen_by_model, geometry = recipe(Picture(pixels))
    back = centroid(geometry.to_original(seen_by_model[0].numpy()))

    assert abs(back[0] - (y + 0.5)) <= 0.5 / sy + 0.02
    assert abs(back[1] - (x + 0.5)) <= 0.5 / sx + 0.02


@quick
@given(recipes(), st.tuples(st.integers(30, 250), st.integers(30, 250)), st.integers(0, 1))
def test_every_model_pixel_shows_the_place_on_the_photo_that_the_geometry_says(recipe, size, axis):
    places = np.arange(size[axis], dtype=np.uint8)
    ramp = np.broadcast_to(places[:, None] if axis == 0 else places, size)
    shown, geometry = recipe(Picture(np.repeat(ramp[..., None], 3, axis=2)))
    shown = shown[0].numpy() * 255
    points = np.array([geometry.point_to_original(i + 0.5, i + 0.5)[axis] for i in range(geometry.model[axis])])
    reach = max(1 / geometry.scale[axis], 1.0)
    inner = (points > reach) & (points < size[axis] - reach)  # beyond, the filter is cut off by the photo's edge
    line = shown.max(axis=1 - axis)  # constant along the other axis but for black padding
    assert np.abs(line - (points - 0.5))[inner].max(initial=0) <= 0.51


@quick
@given(recipes(), sizes, targets)
def test_exactly_what_the_model_did_not_see_is_nan(recipe, size, grid):
    assume(max(size) / min(size) < 20)
    geometry = geometry_of(recipe, size)
    back = geometry.to_original(np.random.default_rng(0).normal(size=grid))
    assert back.shape == size
    assert back.dtype == np.float32
    assert (np.isnan(back) == ~geometry.seen_mask()).all()
    top, left, bottom, right = geometry.seen
    rows, columns = np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5
    sure = (rows > top + 1e-6) & (rows < bottom - 1e-6), (columns > left + 1e-6) & (columns < right - 1e-6)
    assert geometry.seen_mask()[np.ix_(*sure)].all()
    assert not geometry.seen_mask()[(rows < top - 1e-6) | (rows > bottom + 1e-6)].any()
    assert not geometry.seen_mask()[:, (columns < left - 1e-6) | (columns > right + 1e-6)].any()


@quick
@given(recipes(), sizes, targets, st.floats(-5, 5), st.booleans())
def test_a_constant_map_stays_constant_and_no_value_is_overshot(recipe, size, grid, level, blocky):
    assume(max(size) / min(size) < 20)
    geometry = geometry_of(recipe, size)
    back = geometry.to_original(np.full(grid, level), blocky=blocky)
    assert np.allclose(back[geometry.seen_mask()], level, atol=1e-5)
    varied = np.random.default_rng(1).normal(size=grid)
    within = geometry.to_original(varied, blocky=blocky)[geometry.seen_mask()]
    assert within.size == 0 or (within.min() >= varied.min() - 1e-6 and within.max() <= varied.max() + 1e-6)


@quick
@given(sizes, st.booleans())
def test_a_map_of_the_photos_own_pixels_comes_back_unchanged(size, blocky):
    values = np.random.default_rng(0).normal(size=(2, *size)).astype(np.float32)
    assert (Geometry.identity(size).to_original(values, blocky=blocky) == values).all()


@quick
@given(sizes, targets)
def test_mirroring_the_map_mirrors_the_result(size, grid):
    values = np.random.default_rng(0).normal(size=grid)
    there = Geometry.identity(size).to_original(values)
    assert np.allclose(Geometry.identity(size).to_original(values[::-1])[::-1], there, atol=1e-6)
    assert np.allclose(Geometry.identity(size).to_original(values[:, ::-1])[:, ::-1], there, atol=1e-6)


@quick
@given(st.integers(1, 12), st.integers(1, 12), targets)
def test_a_finer_map_keeps_its_mean_where_whole_cells_become_one_pixel(fy, fx, size):
    values = np.random.default_rng(0).normal(size=(size[0] * fy, size[1] * fx))
    back = Geometry.identity(size).to_original(values)
    spread = np.abs(values).mean() * (fy / values.shape[0] + fx / values.shape[1]) * 2  # only the border weighs more
    assert abs(back.mean() - values.mean()) <= spread + 1e-6


def test_a_single_bright_cell_of_a_finer_map_is_not_lost():
    values = np.zeros((1000, 1000))
    values[503, 507] = 1.0
    back = Geometry.identity((10, 10)).to_original(values)
    assert back.sum() == pytest.approx(1 / 100**2, rel=0.05)


def test_a_centre_crop_does_not_shift_the_map():
    """Stretched over the whole photo, as usual overlays are, the object would appear at 50 instead of 75."""
    photo = np.zeros((100, 200, 3), dtype=np.uint8)
    photo[40:60, 70:80] = 255
    pixels, geometry = Preprocess(resize="short", size=(50,), crop=(50, 50))(Picture(photo))
    grid = pixels[0].numpy().reshape(10, 5, 10, 5).mean(axis=(1, 3))  # the map of a network with stride 5
    assert np.argwhere(grid == grid.max()).tolist() == [[4, 2], [5, 2]]
    y, x = centroid(geometry.to_original(grid))
    assert (y, x) == pytest.approx((50, 75), abs=0.5)


def test_what_was_cropped_away_is_not_seen_instead_of_zero():
    geometry = Geometry.identity((100, 200)).cropped(0, 50, 100, 100)
    back = geometry.to_original(np.zeros((7, 7)))
    assert np.isnan(back[:, :50]).all()
    assert np.isnan(back[:, 150:]).all()
    assert (back[:, 50:150] == 0).all()
    assert geometry.seen == (0, 50, 100, 150)


def test_cells_of_regions_keep_sharp_borders():
    labels = np.array([[1.0, 2.0], [3.0, 4.0]])
    back = Geometry.identity((4, 6)).to_original(labels, blocky=True)
    assert back.tolist() == [[1] * 3 + [2] * 3] * 2 + [[3] * 3 + [4] * 3] * 2
    assert len(np.unique(Geometry.identity((4, 6)).to_original(labels))) > 4


def test_interpolation_uses_half_pixel_centres_and_stops_at_the_border():
    back = Geometry.identity((1, 8)).to_original(np.array([[0.0, 1.0]]))
    assert back[0].tolist() == [0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1]


def test_maps_of_clips_travel_frame_by_frame():
    geometry = Geometry.identity((8, 10)).resized((4, 4)).cropped(0, 1, 4, 3)
    frames = np.random.default_rng(0).normal(size=(5, 2, 3))
    back = geometry.to_original(frames)
    assert back.shape == (5, 8, 10)
    assert np.array_equal(back[3], geometry.to_original(frames[3]), equal_nan=True)


@quick
@given(recipes(), sizes, st.floats(-50, 50), st.floats(-50, 50))
def test_a_point_goes_to_the_photo_and_back(recipe, size, y, x):
    assume(max(size) / min(size) < 20)
    geometry = geometry_of(recipe, size)
    there = geometry.point_to_original(y, x)
    back = [p * s + o for p, s, o in zip(there, geometry.scale, geometry.offset, strict=True)]
    assert back == pytest.approx([y, x], abs=1e-6)
    assert geometry.box_to_original(y, x, y + 1, x + 2) == (*there, *geometry.point_to_original(y + 1, x + 2))


@quick
@given(recipes(), st.tuples(st.integers(40, 120), st.integers(40, 120)))
def test_a_mask_on_the_photo_covers_the_same_pixels_of_the_model(recipe, size):
    mask = np.zeros(size, dtype=bool)
    mask[size[0] // 4 : size[0] * 3 // 4, size[1] // 3 : size[1] * 2 // 3] = True
    shown, geometry = recipe(Picture(np.repeat(mask[..., None] * np.uint8(255), 3, axis=2)))
    wanted = shown[0].numpy()
    found = geometry.to_model(mask)
    assert found.dtype == bool
    assert found.shape == geometry.model
    assert (found == (wanted > 0.5))[np.abs(wanted - 0.5) > 0.01].all()
    assert np.nanmax(np.abs(geometry.to_model(mask.astype(float)) - wanted)) < 0.005  # 8-bit rounding, twice


def test_labels_on_the_photo_are_never_mixed_and_padding_belongs_to_no_part():
    geometry = Geometry.identity((4, 4)).resized((6, 6)).padded(1, 0, 0, 2)
    labels = np.where(np.arange(4) < 2, 7, 90)[None].repeat(4, axis=0)
    found = geometry.to_model(labels)
    assert found[0].tolist() == [-1] * 8
    assert found[1].tolist() == [7] * 3 + [90] * 3 + [-1] * 2
    assert np.issubdtype(found.dtype, np.integer)
    assert np.isnan(geometry.to_model(np.ones((4, 4)))[0]).all()
    assert not geometry.to_model(np.ones((4, 4), dtype=bool))[0].any()


def test_a_mask_of_another_size_than_the_photo_is_refused():
    with pytest.raises(ValueError, match="the photo has 4x5 pixels, the values 5x4"):
        Geometry.identity((4, 5)).to_model(np.zeros((5, 4)))


def test_steps_are_told_in_words_and_what_changes_nothing_is_no_step():
    geometry = Geometry.identity((300, 451)).resized((256, 384)).cropped(16, 80, 224, 224, how="centre crop")
    assert geometry.steps == ("resized 300x451 to 256x384", "centre crop 224x224")
    assert geometry.padded(0, 0, 0, 0).resized((224, 224)).cropped(0, 0, 224, 224) == geometry
    assert Geometry.identity((3, 4)).padded(1, 2, 3, 4).steps == ("padded by 1 above, 2 left, 3 below, 4 right",)


def test_steps_compose_in_any_order():
    zoomed = Geometry.identity((100, 80)).cropped(10, 20, 40, 50).resized((20, 100))
    assert zoomed.box_to_original(0, 0, 20, 100) == (10, 20, 50, 70) == zoomed.seen
    squeezed = Geometry.identity((10, 20)).padded(5, 0, 5, 0).resized((10, 10))
    assert squeezed.box_to_original(0, 0, 10, 10) == (-5, 0, 15, 20)
    assert squeezed.seen == (0, 0, 10, 20)


def test_a_window_beyond_the_edge_and_padding_over_a_cut_are_refused():
    with pytest.raises(ValueError, match="not inside 10x10"):
        Geometry.identity((10, 10)).cropped(-1, 0, 10, 9)
    cut = Geometry.identity((10, 10)).cropped(2, 0, 8, 10)
    with pytest.raises(ValueError, match="cropped cannot be padded"):
        cut.padded(1, 0, 0, 0)
    assert cut.padded(0, 1, 1, 1).seen == (2, 0, 10, 10)


@quick
@given(recipes(), sizes)
def test_geometry_survives_json(recipe, size):
    assume(max(size) / min(size) < 20)
    geometry = geometry_of(recipe, size)
    assert Geometry.from_json(json.loads(json.dumps(geometry.to_json()))) == geometry
