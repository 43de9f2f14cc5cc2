"""Parts of an image: every pixel in its part, no part that cannot be hidden."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seewhy.domain.regions import Given, Grid, Patches, Pixels, Superpixels, Windows, from_labels, grid_labels
from seewhy.errors import BadOption
from seewhy.testing.tiny_models import pictures

IMAGE, CLIP = pictures(1, 3, 24, 24)[0], pictures(1, 3, 6, 16, 16)[0]
PARTITIONS = [
    Grid(3),
    Grid(100),
    Pixels(),
    Patches(5),
    Superpixels(9),
    Given(np.arange(24 * 24).reshape(24, 24) // 100),
]


@pytest.mark.parametrize("spec", PARTITIONS, ids=lambda spec: type(spec).__name__)
def test_hiding_one_part_of_a_partition_hides_its_pixels_and_no_others(spec):
    parts = spec.of(IMAGE)
    masks = parts.masks(~torch.eye(parts.count, dtype=torch.bool))
    assert bool((~masks).flatten(1).any(dim=1).all()), "a part without pixels can never be hidden"
    assert bool(((~masks).sum(dim=0) == 1).all()), "each pixel belongs to exactly one part"


@pytest.mark.parametrize("spec", PARTITIONS, ids=lambda spec: type(spec).__name__)
def test_painting_is_the_inverse_of_masking(spec):
    parts = spec.of(IMAGE)
    values = torch.rand(parts.count, generator=torch.Generator().manual_seed(0))
    painted = parts.paint(values)
    for part, mask in enumerate(parts.masks(~torch.eye(parts.count, dtype=torch.bool))):
        assert bool((painted[~mask] == values[part]).all())


def test_nobody_hides_everything_and_everybody_nothing():
    parts = Grid(3).of(IMAGE)
    nobody, everybody = parts.masks(torch.tensor([[False] * 9, [True] * 9]))
    assert not nobody.any()
    assert everybody.all()


@given(
    size=st.integers(1, 60), other=st.integers(1, 60), window=st.integers(1, 30), stride=st.integers(1, 30)
)  # the stride may leave gaps only when it is larger than the window
def test_windows_cover_everything_and_the_last_is_flush(size, other, window, stride):
    windows = Windows(window, stride)
    parts = windows.of(torch.zeros(3, size, other))
    cover = torch.stack([parts.part(i) for i in range(parts.count)])
    assert parts.count == windows.count((size, other))
    assert bool(cover.flatten(1).any(dim=1).all())
    assert bool(cover[-1][-1, -1])
    assert bool(cover[0][0, 0])
    if stride <= window:
        assert bool(cover.any(dim=0).all())
    sides = cover.any(dim=2).sum(dim=1)
    assert bool((sides == min(window, size)).all())


def test_windows_of_a_clip_run_through_time_too():
    parts = Windows(4, 4).of(CLIP)
    assert parts.space == (6, 16, 16)
    assert parts.grid == (2, 4, 4)


@pytest.mark.parametrize(("window", "stride"), [(0, 1), (1, 0), (-3, 2)])
def test_windows_without_size_are_refused(window, stride):
    with pytest.raises(BadOption, match="is not possible"):
        Windows(window, stride).of(IMAGE)


def test_overlapping_windows_paint_the_mean_of_what_covers_a_pixel():
    parts = Windows(2, 1).of(torch.zeros(1, 1, 3))
    assert parts.paint(torch.tensor([1.0, 3.0])).tolist() == [[1.0, 2.0, 3.0]]


@pytest.mark.parametrize("labels", [[[1, 1], [2, 3]], [[0, 7], [7, 90]], [[5, 5], [5, 5]]])
def test_labels_may_start_anywhere_and_have_gaps(labels):
    parts = from_labels(torch.tensor(labels), "given")
    assert parts.count == len(set(np.ravel(labels).tolist()))
    hidden = ~parts.masks(~torch.eye(parts.count, dtype=torch.bool))
    assert bool(hidden.flatten(1).any(dim=1).all())
    assert bool(hidden.any(dim=0).all())


def test_negative_labels_belong_to_no_part_and_are_always_present():
    parts = from_labels(torch.tensor([[-1, 0], [-5, 1]]), "given")
    assert parts.count == 2
    assert parts.masks(torch.zeros(1, 2, dtype=torch.bool))[0].tolist() == [[True, False], [True, False]]
    assert parts.paint(torch.tensor([3.0, 4.0])).tolist() == [[0.0, 3.0], [0.0, 4.0]]
    assert not parts.everywhere


def test_labels_that_name_no_part_are_refused():
    with pytest.raises(BadOption, match="no part at all"):
        from_labels(torch.full((2, 2), -1), "given")


def test_segments_that_scikit_image_numbers_from_one_are_all_played():
    from skimage.segmentation import slic

    labels = slic(np.moveaxis(IMAGE.numpy(), 0, -1), n_segments=9, start_label=1)
    parts = Given(labels).of(IMAGE)
    assert parts.count == len(np.unique(labels))
    assert not parts.masks(torch.zeros(1, parts.count, dtype=torch.bool)).any()


def test_given_masks_may_overlap():
    masks = np.zeros((2, 24, 24), dtype=bool)
    masks[0, :10], masks[1, 8:] = True, True
    parts = Given(masks).of(IMAGE)
    one, other, none = parts.masks(torch.tensor([[False, True], [True, False], [False, False]]))
    assert torch.equal(one, ~torch.from_numpy(masks[0]))
    assert torch.equal(other, ~torch.from_numpy(masks[1]))
    assert not none.any()


def test_several_absent_masks_hide_all_that_any_of_them_covers():
    masks = torch.rand(6, 24, 24, generator=torch.Generator().manual_seed(0)) < 0.3
    coalitions = torch.rand(20, 6, generator=torch.Generator().manual_seed(1)) < 0.5
    found = Given(masks).of(IMAGE).masks(coalitions)
    for row, mask in zip(coalitions, found, strict=True):
        assert torch.equal(mask, ~masks[~row].any(dim=0))


@pytest.mark.parametrize("shape", [(5, 5), (2, 5, 5), (0, 24, 24)])
def test_given_regions_of_another_size_are_refused_with_both_sizes(shape):
    with pytest.raises(BadOption, match=r"\(24, 24\)"):
        Given(np.zeros(shape, dtype=bool)).of(IMAGE)


@pytest.mark.parametrize("image", [IMAGE, CLIP], ids=["image", "clip"])
def test_superpixels_are_the_same_every_time_and_leave_nothing_out(image):
    one, again = (Superpixels(12).of(image) for _ in range(2))
    assert torch.equal(one.labels, again.labels)
    assert one.labels.shape == image.shape[1:]
    assert one.labels.unique().tolist() == list(range(one.count))
    assert one.count > 1


def test_quickshift_needs_colours():
    assert Superpixels(how="quickshift").of(IMAGE).count > 0
    with pytest.raises(BadOption, match="quickshift"):
        Superpixels(how="quickshift").of(CLIP)
    with pytest.raises(BadOption, match="watershed"):
        Superpixels(how="watershed").of(IMAGE)


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 9)), min_size=1, max_size=3))
def test_grid_cells_are_even_along_each_axis(axes):
    space, cells = tuple(size for size, _ in axes), tuple(min(size, count) for size, count in axes)
    sizes = grid_labels(space, cells).flatten().bincount()
    assert len(sizes) == np.prod(cells)
    smallest = np.prod([size // count for size, count in zip(space, cells, strict=True)])
    largest = np.prod([-(-size // count) for size, count in zip(space, cells, strict=True)])
    assert smallest <= int(sizes.min()) <= int(sizes.max()) <= largest


def test_a_grid_is_read_in_its_own_resolution():
    parts = Grid(2).of(CLIP)
    assert parts.native(torch.arange(8.0)).shape == (2, 2, 2)
    assert Superpixels(9).of(IMAGE).native(torch.zeros(Superpixels(9).of(IMAGE).count)).shape == (24, 24)


def test_patches_need_a_size_or_a_model_that_has_them():
    assert Patches().of(IMAGE, (6, 6)).grid == (6, 6)
    assert Patches(8).of(IMAGE).grid == (3, 3)
    with pytest.raises(BadOption, match="no patches of its own"):
        Patches().of(IMAGE)


def test_digests_tell_partitions_apart():
    digests = {spec.of(IMAGE).digest for spec in (Grid(2), Grid(3), Windows(12, 12), Windows(8, 8), Superpixels(9))}
    assert len(digests) == 5
