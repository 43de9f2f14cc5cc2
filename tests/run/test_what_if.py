"""Edits that flip a decision, on models whose answers can be computed by hand."""

import json

import numpy as np
import pytest
import torch

import seewhy
from run.clip_networks import Event, background, direction, moving_red, order_blind
from seewhy.errors import BadOption

CLIP, THING = moving_red()


def changes(found, kind):
    return {one.how: one for one in found.of(kind)}


def test_a_direction_flips_backwards_and_only_where_something_else_comes_last():
    found = seewhy.what_if(direction, CLIP)
    assert found.answer == "class 0"
    assert found.margin == pytest.approx(7)
    (backwards,) = found.of("backwards")
    assert backwards.flips
    assert backwards.answer == "class 1"
    assert backwards.margin == pytest.approx(-7)
    assert [one.margin for one in found.of("frozen")] == pytest.approx(range(7))  # standing still is a tie, no flip
    assert not any(one.flips for one in found.of("frozen"))


def late(clips):
    """Red in one of the last three frames, against a fixed bar."""
    red = clips[:, 0, -3:].amax(dim=(1, 2, 3))
    return torch.stack([2 * red, torch.ones_like(red)], dim=1)


def test_freezing_flips_what_comes_late_and_the_latest_such_moment_is_named():
    clip = torch.zeros(3, 8, 6, 6)
    clip[0, 6] = 1.0
    found = seewhy.what_if(late, clip)
    assert [one.flips for one in found.of("frozen")] == [True] * 6 + [False]
    assert "Frozen from frame 6 on it flips to class 1; so it does from 5 earlier frames." in str(found)
    assert "frame 7 cut" in str(found)
    assert found.smallest.frames == (6,)
    assert found.smallest.share == pytest.approx(1 / 8)


def test_a_short_event_is_cut_out_and_all_fills_agree():
    clip = torch.zeros(3, 16, 8, 8)
    clip[0, 5] = 1.0

    def event(clips):
        red = clips[:, 0].amax(dim=(1, 2, 3))
        return torch.stack([2 * red, torch.full_like(red, 1.9)], dim=1)

    cuts = changes(seewhy.what_if(event, clip), "cut")
    for how in ("frozen", "interpolated", "resampled"):
        assert cuts[how].frames == (4, 5)  # the segment that holds it
        assert cuts[how].flips
    assert not cuts["blur"].flips  # a red frame stays red
    assert len(cuts["blur"].frames) == 14


def test_two_events_of_which_one_suffices_must_both_be_cut():
    clip = torch.zeros(3, 16, 8, 8)
    clip[0, [2, 11]] = 1.0

    def either(clips):
        red = clips[:, 0].amax(dim=(1, 2, 3))
        return torch.stack([2 * red, torch.full_like(red, 1.9)], dim=1)

    cut = changes(seewhy.what_if(either, clip), "cut")["frozen"]
    assert cut.frames == (2, 3, 10, 11)
    assert cut.flips


def test_the_place_is_found_that_must_be_blurred():
    clip = torch.zeros(3, 4, 16, 16)
    clip[1, :, 5:7, 9:11] = 1.0  # a small dot in the second row, third column of four

    def dot(clips):
        green = clips[:, 1].amax(dim=(1, 2, 3))
        return torch.stack([2 * green, torch.full_like(green, 1.5)], dim=1)

    (place,) = seewhy.what_if(dot, clip, segments=2).of("blurred")
    assert place.flips
    assert place.cells == ((0.25, 0.5, 0.5, 0.75),)
    assert place.share == pytest.approx(1 / 16)


def test_an_actor_is_blurred_as_a_whole():
    clip = torch.zeros(3, 8, 16, 16)
    thing = np.zeros((8, 16, 16), bool)
    thing[:4, 6:8, 6:8] = True
    clip[0, torch.from_numpy(thing)] = 1.0

    def brightest(clips):
        red = clips[:, 0].amax(dim=(1, 2, 3))
        return torch.stack([2 * red, torch.full_like(red, 1.5)], dim=1)

    actor = changes(seewhy.what_if(brightest, clip, masks=thing), "blurred")["the actor"]
    assert actor.flips
    assert actor.frames == (0, 1, 2, 3)
    assert actor.share == pytest.approx(thing.mean())


def test_where_nothing_flips_it_that_is_said():
    found = seewhy.what_if(order_blind, torch.full((3, 8, 6, 6), 0.2))
    assert found.smallest is None
    assert "None of the edits flips it." in str(found)
    assert "with none of 4 ways" in str(found)


def test_a_background_reader_flips_only_where_its_corner_is_touched():
    found = seewhy.what_if(background, CLIP, masks=THING)
    assert not changes(found, "blurred")["the actor"].flips


def test_it_asks_no_more_than_it_announces():
    found = seewhy.what_if(Event(), torch.rand(3, 8, 8, 8, generator=torch.Generator().manual_seed(0)))
    assert found.cost.forward <= found.expected.forward
    quiet = seewhy.what_if(order_blind, torch.full((3, 8, 6, 6), 0.2))
    assert quiet.cost.forward == 1  # nothing changes what never changes


def test_what_has_no_decision_is_refused():
    value = seewhy.adapt(lambda clips: clips.mean((1, 2, 3, 4))[:, None], task="regression")
    with pytest.raises(BadOption, match="no decision to flip"):
        seewhy.what_if(value, CLIP)


def test_the_json_holds_all_that_was_tried():
    found = seewhy.what_if(direction, CLIP, masks=THING)
    data = json.loads(json.dumps(found.to_json()))
    assert data["schema"]["name"] == "seewhy-what-if"
    assert len(data["tried"]) == len(found.tried) == 7 + 1 + 4 + 1 + 1
    assert data["smallest"]["kind"] == found.smallest.kind
