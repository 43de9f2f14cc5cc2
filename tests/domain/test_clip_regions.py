"""Parts of a clip in time and space: even ones, shots, and those that follow what moves."""

import numpy as np
import pytest
import torch

import seewhy
from domain.made_clips import joined, moving_square, pan
from seewhy.domain.options import decode, encode, parse_spec
from seewhy.domain.shots import cuts
from seewhy.errors import BadOption
from seewhy.testing.tiny_models import pictures

CLIP = pictures(1, 3, 6, 16, 16)[0]
EVERY = [
    seewhy.Frames(), seewhy.Segments(4), seewhy.Tubes(3), seewhy.Cuboids(2, 3, 4), seewhy.Shots(),
    seewhy.Supervoxels(12), seewhy.Moving(12),
]  # fmt: skip
FOLLOWING = [seewhy.Supervoxels(), seewhy.Moving(), seewhy.Tracked(), *EVERY[:5]]
on_each = pytest.mark.parametrize("spec", EVERY, ids=lambda spec: type(spec).__name__)


@on_each
def test_each_place_of_a_clip_belongs_to_exactly_one_part_and_each_part_has_places(spec):
    parts = spec.of(CLIP)
    assert parts.everywhere
    assert parts.labels.shape == CLIP.shape[1:]
    assert parts.labels.unique().tolist() == list(range(parts.count))
    assert parts.digest == spec.of(CLIP.clone()).digest


@pytest.mark.parametrize("spec", FOLLOWING, ids=lambda spec: type(spec).__name__)
def test_parts_of_clips_refuse_a_photo_by_name(spec):
    with pytest.raises(BadOption, match="need a clip"):
        spec.of(CLIP[:, 0])


@pytest.mark.parametrize(
    ("spec", "grid"),
    [
        (seewhy.Frames(), (6, 1, 1)), (seewhy.Segments(4), (4, 1, 1)), (seewhy.Segments(99), (6, 1, 1)),
        (seewhy.Tubes(3), (1, 3, 3)), (seewhy.Cuboids(2, 3, 4), (2, 3, 4)),
    ],
)  # fmt: skip
def test_even_parts_are_read_in_their_own_resolution(spec, grid):
    assert spec.of(CLIP).grid == grid


def test_a_tube_runs_through_all_frames_and_a_segment_through_all_of_its_frames():
    tubes, segments = seewhy.Tubes(2).of(CLIP).labels, seewhy.Segments(3).of(CLIP).labels
    assert bool((tubes == tubes[:1]).all())
    assert segments[:, 5, 9].tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("frames", seewhy.Frames()), ("segments:8", seewhy.Segments(8)), ("tubes:4", seewhy.Tubes(4)),
        ("cuboids:4,3,2", seewhy.Cuboids(4, 3, 2)), ("shots", seewhy.Shots()), ("shots:5,0.2", seewhy.Shots(5, 0.2)),
        ("supervoxels:80,20", seewhy.Supervoxels(80, 20)), ("moving:100", seewhy.Moving(100)),
        ("windows:9,4", seewhy.Windows(9, 4)),
    ],
)  # fmt: skip
def test_parts_of_clips_are_named_in_text_and_survive_json(text, spec):
    assert parse_spec(text) == spec
    assert decode(encode(spec)) == spec


@pytest.mark.parametrize(
    "text", ["segments:0", "tubes:1.5", "cuboids:2,0,2", "supervoxels:8,-1", "shots:0", "moving:0"]
)
def test_numbers_that_make_no_parts_are_refused(text):
    with pytest.raises(BadOption):
        parse_spec(text)


def test_windows_have_a_side_and_a_step_for_each_axis():
    parts = seewhy.Windows((2, 8, 16), (2, 4, 1)).of(CLIP)
    assert parts.grid == (3, 3, 1)
    assert [int(parts.part(i).sum()) for i in range(parts.count)] == [2 * 8 * 16] * 9
    with pytest.raises(BadOption, match="time, height, width"):
        seewhy.Windows((2, 8), 1).of(CLIP)


# -- shots


@pytest.mark.parametrize("lengths", [(9, 7), (5, 6, 8), (3, 3, 3, 3), (16,), (1,)])
def test_hard_cuts_are_found_where_they_were_made(lengths):
    found = cuts(joined(*lengths))
    assert found == np.cumsum(lengths)[:-1].tolist()
    assert seewhy.Shots().of(joined(*lengths)).count == len(lengths)


@pytest.mark.parametrize("length", [1, 2])
def test_a_flash_is_no_cut(length):
    clip = moving_square(16)[0]
    clip[:, 7 : 7 + length] = 0.7 + 0.3 * clip[:, 7 : 7 + length]
    assert cuts(clip) == []


def test_motion_is_no_cut():
    assert cuts(moving_square(14, step=(2, 3))[0]) == []
    assert cuts(pan(step=2)) == cuts(pan(step=8)) == []


def test_a_slow_fade_to_another_scene_is_no_cut():
    one, other = joined(16)[:, :16], joined(2, 16)[:, 2:]
    part = torch.linspace(0, 1, 16)[:, None, None]
    assert cuts((1 - part) * one + part * other) == []


# -- what moves


def purity(labels, inside):
    """How much of a part of the object is object, seen from a place of the object; and the overlap of such parts."""
    flat, truth = labels.flatten(), inside.flatten()
    share = torch.bincount(flat[truth], minlength=int(flat.max()) + 1) / torch.bincount(flat)
    found = share[flat] > 0.5
    return float(share[flat[truth]].mean()), float((found & truth).sum() / (found | truth).sum())


@pytest.mark.parametrize("step", [(1, 3), (2, 3)])
def test_moving_superpixels_follow_a_thing_where_supervoxels_stand_still(step):
    clip, inside = moving_square(step=step)
    followed, overlap = purity(seewhy.Moving(150).of(clip).labels, inside)
    still, _ = purity(seewhy.Supervoxels(150, spacing=0.2).of(clip).labels, inside)
    assert followed > 0.8
    assert overlap > 0.75
    assert still < 0.65


def test_moving_superpixels_do_not_reach_across_a_cut():
    labels = seewhy.Moving(40).of(joined(6, 6)).labels
    assert not set(labels[:6].flatten().tolist()) & set(labels[6:].flatten().tolist())


@pytest.mark.parametrize("frame", [0, 5, 11])
def test_a_region_drawn_on_one_frame_is_tracked_through_all(frame):
    clip, inside = moving_square()
    labels = seewhy.Tracked(frame=frame, labels=inside[frame].long().numpy()).of(clip).labels
    for t, truth in enumerate(inside):
        found = labels[t] == 1
        assert float((found & truth).sum() / (found | truth).sum()) > 0.9, t


def test_a_tube_ends_at_a_cut_and_where_its_thing_leaves_the_picture():
    clip = joined(6, 6)
    labels = seewhy.Tracked(12, frame=2).of(clip).labels
    assert bool((labels[6:] == -1).all())
    clip, inside = moving_square(16, size=48, side=12, step=(0, 4))
    labels = seewhy.Tracked(frame=2, labels=inside[2].long().numpy()).of(clip).labels
    assert int((labels[15] == 1).sum()) == 0
    assert int(inside[15].sum()) == 0


def test_tracked_regions_are_superpixels_of_the_middle_frame_where_none_are_given():
    clip, _ = moving_square()
    own = seewhy.Superpixels(9).of(clip[:, 6])
    assert torch.equal(seewhy.Tracked(9).of(clip).labels[6].unique(), own.labels.unique())
    for wrong in (seewhy.Tracked(frame=12), seewhy.Tracked(labels=np.zeros((3, 3)))):
        with pytest.raises(BadOption, match=r"12 frames|shape"):
            wrong.of(clip)


def test_a_large_clip_is_segmented_in_coarser_pixels_that_cover_it_all():
    clip = torch.nn.functional.interpolate(moving_square(24)[0], size=(150, 130))
    parts = seewhy.Supervoxels(20).of(clip)
    assert parts.labels.shape == (24, 150, 130)
    assert parts.everywhere
