"""How much of a map lies on an actor, by hand on maps that are known exactly."""

import json

import numpy as np
import pytest
import torch

import seewhy
from inputs.little_videos import moving_square
from run.clip_networks import Event
from seewhy.errors import BadMap, BadPixels

WANTS = seewhy.Preprocess.of(size=16, crop_pct=None, mean=0.0, std=1.0, pace=seewhy.Pace(4))


def explained(clip, model=None, **asked):
    asked = {"method": "input-x-gradient", "target": 1, "checks": "quick", **asked}
    return seewhy.explain(model or Event(frame=2), clip, **asked)


def given(weights):
    """A clip of ones before a linear model: the map is the weights themselves, on each of one channel."""
    weights = torch.as_tensor(weights, dtype=torch.float32)

    def model(clips):
        score = (clips[:, 0] * weights).flatten(1).sum(1)
        return torch.stack([torch.zeros_like(score), score], 1)

    module = type("Known", (torch.nn.Module,), {"forward": lambda self, x: model(x)})()
    plain = seewhy.Preprocess.plain()
    return seewhy.explain(
        module, torch.ones(1, 1, *weights.shape), method="input-x-gradient", target=1, preprocess=plain
    )[0]


def test_shares_are_those_counted_by_hand():
    weights = np.zeros((3, 4, 4))
    weights[0, 0, 0], weights[0, 3, 3], weights[1, 1, 1] = 3.0, 1.0, 4.0
    weights[0, 2, 2] = -5.0  # speaks against: does not count
    actor = np.zeros((3, 4, 4), bool)
    actor[0, :2, :2] = actor[2, 0, 0] = True
    found = seewhy.actor_share(given(weights), actor)
    assert found.actor == pytest.approx(3 / 8)
    assert found.background == pytest.approx(5 / 8)
    assert found.area == pytest.approx(5 / 48)
    assert found.density == pytest.approx(3 / 8 * 48 / 5)
    assert found.frames[0] == pytest.approx(3 / 4)
    assert np.isnan(found.frames[1:]).all()  # no actor, then no evidence
    assert found.areas == pytest.approx([4 / 16, 0, 1 / 16])
    assert "38% of what speaks for it lies on the actor, 62% on the background; the actor is 10%" in str(found)
    assert json.loads(json.dumps(found.to_json()))["frames"] == [pytest.approx(0.75), None, None]


def test_boxes_are_read_in_pixels_of_the_original():
    frames = moving_square(8, (40, 60), 12)
    found = explained(seewhy.Clip(frames, fps=8), preprocess=WANTS)
    right = [(26, 0, 60, 40)] * 8  # what the model reads, the right half of one frame, and a pixel of its own beside
    assert seewhy.actor_share(found, right).actor == pytest.approx(1)
    left = [None, None, *[(0, 0, 26, 40)] * 6]
    share = seewhy.actor_share(found, left)
    assert share.actor == pytest.approx(0, abs=1e-6)
    assert share.areas == pytest.approx([0, 26 / 60, 26 / 60, 26 / 60])  # frames 1, 3, 5, 7 of the original


def test_masks_may_be_given_as_the_model_sees_them():
    frames = moving_square(8, (32, 32), 8)
    found = explained(seewhy.Clip(frames, fps=8), preprocess=WANTS)
    small, large = np.zeros((4, 16, 16), bool), np.zeros((4, 32, 32), bool)
    small[:, :, 7:], large[:, :, 14:] = True, True
    assert seewhy.actor_share(found, small).actor == seewhy.actor_share(found, large).actor == pytest.approx(1)


def test_what_cannot_be_shared_out_is_refused():
    found = given(np.ones((3, 4, 4)))
    with pytest.raises(BadPixels, match="mark nothing"):
        seewhy.actor_share(found, np.zeros((3, 4, 4), bool))
    with pytest.raises(BadPixels, match="mark everything"):
        seewhy.actor_share(found, np.ones((3, 4, 4), bool))
    with pytest.raises(BadPixels, match="has shape"):
        seewhy.actor_share(found, np.ones((3, 5, 4), bool))
    with pytest.raises(BadMap, match="Nothing in the map"):
        seewhy.actor_share(given(-np.ones((3, 4, 4))), np.eye(4, dtype=bool)[None].repeat(3, 0))
    photo = seewhy.explain(lambda images: images.mean((2, 3)), torch.rand(3, 8, 8), method="occlusion", window=4)
    with pytest.raises(BadMap, match="of a photo"):
        seewhy.actor_share(photo, np.ones((8, 8), bool))
