"""Two clips joined, on a model that counts colours: whoever sees a class finds it in its half."""

import numpy as np
import pytest
import torch
from torch import nn

import seewhy
from seewhy.errors import BadOption, BadPixels, MissingInput
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
