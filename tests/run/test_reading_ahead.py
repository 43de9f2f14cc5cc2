"""Inputs of a list are read in the background, a few ahead and no more, in order, each with its own troubles."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

import seewhy
from seewhy import Clip, Pace, Preprocess
from seewhy.domain.footage import Footage
from seewhy.engine.control import Control
from seewhy.errors import Cancelled, UnreadableClip
from seewhy.inputs.ahead import ahead
from seewhy.run.rows import CLIPS

WANTS = replace(Preprocess.of(size=4, mean=0.0, std=1.0), pace=Pace(2))
WAIT = 20  # seconds after which a test that would wait for ever fails


class Watched(Footage):
    """Two frames of one grey, and a list that is told when they are read."""

    def __init__(self, number, events, *, broken=False):
        self.name, self.size, self.times, self.end = f"clip {number}", (4, 4), np.array([0.0, 1.0]), 2.0
        self.number, self.events, self.broken = number, events, broken
        self.read = threading.Event()

    def frames(self, wanted):
        self.events.append(("read", self.number))
        self.read.set()
        if self.broken:
            raise UnreadableClip(f"{self.name} is damaged.", fix="give another.")
        for _ in wanted:
            yield np.full((4, 4, 3), 10 * (self.number + 1), np.uint8)

    @property
    def digest(self):
        return str(self.number)


def film_of(count, events, broken=()):
    return [Watched(i, events, broken=i in broken) for i in range(count)]


def explained(network, clips, **asked):
    asked = {"method": "occlusion", "window": 4, "stride": 4, "target": 0, "checks": "quick", **asked}
    return seewhy.explain(network, [Clip(clip) for clip in clips], preprocess=WANTS, **asked)


def brightness(clips):
    return torch.stack([clips.mean((1, 2, 3, 4)), torch.zeros(len(clips))], dim=1)


def test_while_the_model_works_the_next_clips_are_read_and_none_beyond_them():
    events = []
    clips = film_of(3 * CLIPS, events)

    def network(batch):
        known = [number for kind, number in events if kind == "read"]
        if len(known) <= 2 * CLIPS:  # the first group: the next one is read although this call has not ended
            assert clips[2 * CLIPS - 1].read.wait(WAIT)
        assert max(number for kind, number in events if kind == "read") < 3 * CLIPS
        events.append(("asked", len([1 for kind, _ in events if kind == "read"])))
        return brightness(batch)

    found = explained(network, clips)
    first = next(seen for kind, seen in events if kind == "asked")
    assert first <= 2 * CLIPS + 1  # the group at work and the next; one more tells that it begins another
    assert [number for kind, number in events if kind == "read"] == list(range(3 * CLIPS))
    assert [one.picture.name for one in found] == [f"clip {i}" for i in range(3 * CLIPS)]
    assert [one.target.score for one in found] == pytest.approx([10 * (i + 1) / 255 for i in range(3 * CLIPS)])


def test_a_clip_that_cannot_be_read_fails_alone():
    with pytest.warns(seewhy.errors.SeewhyWarning, match="2 of 7 inputs failed"):
        found = explained(brightness, film_of(7, [], broken=(0, 5)))
    assert [one.name for one in found.failures] == ["clip 0", "clip 5"]
    assert [isinstance(one, seewhy.Explanation) for one in found] == [i not in (0, 5) for i in range(7)]


def test_a_run_that_is_cancelled_keeps_what_it_has_and_reads_no_further():
    events, control = [], Control()
    clips = film_of(8 * CLIPS, events)

    def network(batch):
        if float(batch.amax()) > 10 * CLIPS / 255 + 1e-4:  # the second group
            control.cancel()
        return brightness(batch)

    with pytest.warns(seewhy.errors.SeewhyWarning):
        found = explained(network, clips, control=control)
    assert all(isinstance(one, seewhy.Explanation) for one in found[:CLIPS])
    assert all(isinstance(one.error, Cancelled) for one in found[2 * CLIPS :])
    assert len(events) <= 4 * CLIPS
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("seewhy-ahead")]


def test_what_making_raises_comes_in_its_turn():
    def things():
        yield 1
        yield 2
        raise ZeroDivisionError

    coming = ahead(things())
    assert [next(coming), next(coming)] == [1, 2]
    with pytest.raises(ZeroDivisionError):
        next(coming)
