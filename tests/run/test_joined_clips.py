"""Two clips joined, on a model that counts colours: whoever sees a class finds it in its half."""

import numpy as np
import pytest
import torch
from torch import nn

import seewhy
from seewhy.engine.control import Control
from seewhy.errors import BadOption, BadPixels, Cancelled, MissingInput
from seewhy.run.joined_clips import joined_clips

COLOURS = torch.eye(3)[:, :, None, None, None].expand(3, 3, 8, 4, 4).contiguous()
PLAIN = seewhy.Preprocess.plain()


class Brightest(nn.Module):
    """Class k is how bright colour k is."""

    def forward(self, clips):
        return 50 * clips.flatten(2).mean(dim=2)


def own_colour(network, clips, targets):
    return torch.stack([clip[target] for clip, target in zip(clips, targets, strict=True)])


def first_frames(network, clips, targets):
    return torch.linspace(1, 0, clips.shape[2])[None, :, None, None].expand(len(clips), -1, *clips.shape[3:])


def broken(network, clips, targets):
    raise RuntimeError("nothing to say")


def test_who_sees_the_class_hits_its_half_and_who_looks_first_hits_every_other_one():
    methods = {"own": own_colour, "first": first_frames, "broken": broken, "grad": ("input-x-gradient", {})}
    found = joined_clips(Brightest(), COLOURS, methods, pairs=8, preprocess=PLAIN)
    assert (found.hits["own"] == 1).all()
    assert (found.shares["own"] == 1).all()
    assert (found.hits["grad"] == 1).all()
    assert (found.hits["first"] == [1, 0]).all()
    assert found.interval("first").value == found.chance
    assert np.isnan(found.hits["broken"]).all()
    assert found.problems["broken"][0] == "RuntimeError: nothing to say"
    assert all(len(set(pair)) == 2 for pair in found.pairs)
    assert len(set(found.pairs)) == len(found.pairs) == 6  # of eight wanted: there are no more
    assert found.verdict("own") == "finds its half"
    assert found.verdict("first") == "not told from chance"
    assert found.verdict("broken") == "not known"


def test_all_hits_are_not_certainty():
    found = joined_clips(Brightest(), COLOURS, own_colour, pairs=30, preprocess=PLAIN).interval("own_colour")
    assert (found.value, found.high, found.count) == (1, 1, 6)
    assert found.low == pytest.approx(1 / (1 + 1.959964**2 / 6), abs=1e-5)  # Wilson's for six of six


def test_controls_that_know_nothing_of_the_model_stand_beside():
    found = joined_clips(Brightest(), COLOURS, own_colour, pairs=4, preprocess=PLAIN)
    assert set(found.hits) == {"own_colour", "random", "motion-energy", "first-frames"}
    assert (found.hits["first-frames"] == [1, 0]).all()
    assert (found.hits["motion-energy"] == [0, 1]).all()  # the first frame of the second half differs from the last
    alone = joined_clips(Brightest(), COLOURS, own_colour, pairs=4, preprocess=PLAIN, controls=False)
    assert set(alone.hits) == {"own_colour"}


def test_the_method_that_suits_the_model_is_asked_where_none_is_named():
    assert next(iter(joined_clips(Brightest(), COLOURS, pairs=2, preprocess=PLAIN).hits)) == "integrated-gradients"


def test_who_cancels_keeps_the_pairs_that_were_done():
    control, done = Control(), []

    def third_time_cancels(network, clips, targets):
        done.append(1)
        if len(done) == 3:
            control.cancel()
        return own_colour(network, clips, targets)

    found = joined_clips(Brightest(), COLOURS, third_time_cancels, pairs=9, preprocess=PLAIN, control=control)
    assert found.cancelled
    assert len(found.pairs) in (2, 3)
    assert (found.hits["third_time_cancels"] == 1).all()
    assert found.to_json()["cancelled"]
    with pytest.raises(Cancelled):
        joined_clips(Brightest(), COLOURS, own_colour, preprocess=PLAIN, control=control)


def test_the_same_seed_joins_the_same_clips():
    first, again = (joined_clips(Brightest(), COLOURS, own_colour, pairs=5, seed=1, preprocess=PLAIN) for _ in "ab")
    assert first.pairs == again.pairs


def test_a_map_that_is_the_same_everywhere_is_no_hit():
    flat = lambda network, clips, targets: torch.ones(len(clips), *clips.shape[2:])  # noqa: E731
    found = joined_clips(Brightest(), COLOURS, {"flat": flat}, pairs=3, preprocess=PLAIN)
    assert np.isnan(found.hits["flat"]).all()
    assert found.shares["flat"] == pytest.approx(np.full((3, 2), 0.5))


def test_photos_one_class_and_no_pairs_are_refused():
    with pytest.raises(BadPixels, match="cannot be joined in time"):
        joined_clips(Brightest(), COLOURS[:, :, 0], own_colour, preprocess=PLAIN)
    with pytest.raises(MissingInput, match="2 classes"):
        joined_clips(Brightest(), COLOURS[:1], own_colour, preprocess=PLAIN)
    with pytest.raises(BadOption, match="pairs=0"):
        joined_clips(Brightest(), COLOURS, own_colour, pairs=0, preprocess=PLAIN)
