"""Edits of clips: every frame carries its number, so that what is shown can be read off."""

import itertools

import pytest
import torch

from seewhy.domain import edits
from seewhy.errors import BadOption

FROZEN, FADED = edits.CUTS["frozen"], edits.CUTS["interpolated"]


def counted(count=8, side=4):
    """A clip whose frame k has the value k everywhere."""
    return torch.arange(count).float()[None, :, None, None].expand(3, count, side, side).clone()


def shown(clip):
    """The number of each frame; all of its pixels agree."""
    assert (clip == clip[:1, :, :1, :1]).all()
    return clip[0, :, 0, 0].tolist()


def kept(*frames, count=8):
    mask = torch.zeros(count, dtype=torch.bool)
    mask[list(frames)] = True
    return mask


def test_frames_are_repeated_frozen_and_turned_round():
    clip = counted()
    assert shown(edits.still(clip, 3)) == [3] * 8
    assert shown(edits.frozen(clip, 5)) == [0, 1, 2, 3, 4, 5, 5, 5]
    assert shown(edits.frozen(clip, 7)) == shown(clip)
    assert shown(edits.backwards(clip)) == [7, 6, 5, 4, 3, 2, 1, 0]


def test_a_slow_clip_shows_its_middle_and_a_fast_one_begins_again():
    assert shown(edits.at_speed(counted(), 0.5)) == [2, 2, 3, 3, 4, 4, 5, 5]
    assert shown(edits.at_speed(counted(), 2)) == [1, 3, 5, 7, 1, 3, 5, 7]
    assert shown(edits.at_speed(counted(), 1)) == shown(counted())
    with pytest.raises(BadOption, match="speed"):
        edits.at_speed(counted(), 0)


def test_segments_are_shuffled_whole():
    assert shown(edits.shuffled(counted(), (2, 0, 3, 1))) == [4, 5, 0, 1, 6, 7, 2, 3]
    assert [piece.stop - piece.start for piece in edits.segments(10, 4)] == [3, 2, 3, 2]
    with pytest.raises(BadOption, match="cannot be cut into 9 segments"):
        edits.segments(8, 9)


def test_orders_differ_from_each_other_and_from_the_clip_and_are_all_where_there_are_few():
    few = edits.orders(3, 16)
    assert set(few) == set(itertools.permutations(range(3))) - {(0, 1, 2)}
    many = edits.orders(8, 16, seed=4)
    assert len(set(many)) == 16
    assert tuple(range(8)) not in many
    assert many == edits.orders(8, 16, seed=4) != edits.orders(8, 16, seed=5)
    assert len(edits.orders(3, 4)) == 4


def test_drawing_orders_leaves_global_randomness_alone():
    before = torch.get_rng_state()
    edits.orders(8, 16)
    assert torch.equal(before, torch.get_rng_state())


def test_joined_clips_keep_their_speed_and_their_halves():
    assert shown(edits.joined(counted(), 100 + counted())) == [2, 3, 4, 5, 102, 103, 104, 105]
    assert len(shown(edits.joined(counted(7), counted(7)))) == 7
    with pytest.raises(BadOption, match="cannot be joined"):
        edits.joined(counted(8), counted(7))


def test_missing_frames_are_filled_in_four_ways():
    left = kept(0, 1, 5, 6)
    assert shown(edits.cut(counted(), left, FROZEN)) == [0, 1, 1, 1, 5, 5, 6, 6]  # of two as near the earlier
    assert shown(edits.cut(counted(), left, FADED)) == [0, 1, 2, 3, 4, 5, 6, 6]  # 1 to 5 is a straight line
    assert shown(edits.cut(counted(), left, edits.CUTS["resampled"])) == [0, 0, 1, 1, 5, 5, 6, 6]
    assert shown(edits.cut(counted(), kept(3), FADED)) == [3] * 8
    noise = torch.rand(3, 8, 6, 6, generator=torch.Generator().manual_seed(0))
    veiled = edits.cut(noise, left, edits.CUTS["blur"])
    assert torch.equal(veiled[:, left], noise[:, left])
    assert (veiled[:, ~left].std(dim=(2, 3)) < noise[:, ~left].std(dim=(2, 3))).all()


@pytest.mark.parametrize("fill", edits.CUTS.values(), ids=list(edits.CUTS))
def test_with_all_frames_there_nothing_changes_and_with_none_it_is_refused(fill):
    assert shown(edits.cut(counted(), torch.ones(8, dtype=torch.bool), fill)) == shown(counted())
    with pytest.raises(BadOption, match="No frame"):
        edits.cut(counted(), torch.zeros(8, dtype=torch.bool), fill)


def test_what_is_left_of_a_slow_re_derivation_is_the_same():
    generator = torch.Generator().manual_seed(1)
    clip = torch.rand(2, 9, 3, 3, generator=generator)
    for _ in range(20):
        left = torch.rand(9, generator=generator) < 0.4
        left[int(torch.randint(9, (1,), generator=generator))] = True
        frames = [i for i in range(9) if left[i]]
        near, faded = edits.cut(clip, left, FROZEN), edits.cut(clip, left, FADED)
        for i in range(9):
            assert torch.equal(near[:, i], clip[:, min(frames, key=lambda j: (abs(j - i), j))])
            before = max((j for j in frames if j <= i), default=frames[0])
            after = min((j for j in frames if j >= i), default=frames[-1])
            share = 0 if after == before else (i - before) / (after - before)
            torch.testing.assert_close(faded[:, i], (1 - share) * clip[:, before] + share * clip[:, after])


# -- space


def scene(count=8, side=8):
    """A white square that moves over a ground with a pattern, and where it is."""
    ground = torch.rand(3, 1, side, side, generator=torch.Generator().manual_seed(0)) / 2
    clip, thing = ground.repeat(1, count, 1, 1), torch.zeros(count, side, side, dtype=torch.bool)
    for i in range(count):
        thing[i, 2:4, i : i + 2] = True
    clip[:, thing] = 1.0
    return clip, thing[:, :, :side], ground


def test_behind_a_thing_that_moves_its_ground_is_found_exactly():
    clip, thing, ground = scene()
    assert torch.equal(edits.emptied(clip, thing), ground.expand_as(clip))
    assert edits.always(thing) == 0


def test_behind_a_thing_that_stays_the_ground_is_made_up_smoothly():
    clip = torch.full((3, 4, 8, 8), 0.25)
    thing = torch.zeros(4, 8, 8, dtype=torch.bool)
    thing[:, 3:5, 3:5] = True
    clip[:, thing] = 1.0
    assert edits.always(thing) == 1
    torch.testing.assert_close(edits.emptied(clip, thing), torch.full_like(clip, 0.25))


def test_a_thing_by_itself_stands_on_the_mean_colour_around_it():
    clip, thing, _ = scene()
    found = edits.alone(clip, thing)
    assert torch.equal(found[:, thing], clip[:, thing])
    for channel in range(3):
        torch.testing.assert_close(found[channel][~thing].unique(), clip[channel][~thing].mean()[None])


def test_a_thing_moves_into_another_scene():
    clip, thing, _ = scene()
    found = edits.moved_to(clip, thing, torch.zeros_like(clip))
    assert torch.equal(found, clip * thing)
    with pytest.raises(BadOption, match="other scene"):
        edits.moved_to(clip, thing, torch.zeros(3, 2, 8, 8))


def test_a_blur_stays_where_it_was_asked_for():
    clip, thing, _ = scene()
    found = edits.blurred(clip, thing)
    assert torch.equal(found[:, ~thing], clip[:, ~thing])
    assert (found[:, thing] < 1).all()


def test_no_edit_writes_into_the_clip():
    clip, thing, _ = scene()
    before = clip.clone()
    for edit in (
        lambda c: edits.still(c, 2), lambda c: edits.frozen(c, 2), edits.backwards, lambda c: edits.at_speed(c, 2),
        lambda c: edits.shuffled(c, (1, 0)), lambda c: edits.emptied(c, thing), lambda c: edits.alone(c, thing),
        lambda c: edits.blurred(c, thing), lambda c: edits.moved_to(c, thing, clip),
        *(lambda c, fill=fill: edits.cut(c, kept(1, 4), fill) for fill in edits.CUTS.values()),
    ):  # fmt: skip
        assert edit(clip).shape == clip.shape
        assert torch.equal(clip, before)
