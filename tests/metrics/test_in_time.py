"""Metrics of clips, against values by hand and slow re-derivations."""

import itertools
from functools import partial

import numpy as np
import pytest
import torch
from trials import calls_of, judge, trial, trial_of

from seewhy.domain import edits
from seewhy.domain.baseline import Blur
from seewhy.domain.score import Unjudged
from seewhy.engine.trial import ranks_of
from seewhy.metric_registry import all_metrics, metrics_of

CLIPS = [name for name, metric in all_metrics().items() if "clip" in metric.asks]
T, SIDE = 6, 8
NOISE = torch.randn(T, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
FRAMES = torch.rand(3, T, SIDE, SIDE, generator=torch.Generator().manual_seed(1))


def values(name, map, **facts):
    return {line: score.value for line, score in judge(name, trial(map, **facts)).items()}


def sees_frame(frame):
    """A model of the red of one frame, left of the middle."""

    def model(clips):
        red = 4 * clips[:, 0, frame, :, : SIDE // 2].mean((1, 2))
        return torch.stack([red, torch.ones_like(red)], dim=1)

    return model


@pytest.mark.parametrize("name", CLIPS)
def test_a_photo_is_not_a_clip(name):
    truth = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    truth[2:4, 2:4] = True
    with pytest.raises(Unjudged, match="not a clip"):
        judge(name, trial(NOISE[0], truth=truth))


def test_a_report_on_photos_does_not_hold_them():
    for card in ("quick", "standard", "full"):
        assert not any("clip" in metric.asks for metric in metrics_of(card, clips=False))
    assert {"gain-in-time", "gain-in-space", "symmetric-gain"} <= {metric.name for metric in metrics_of("quick")}


# -- gains


@pytest.mark.parametrize("steps", [3, 5, 28])
def test_the_gain_in_time_is_that_of_a_slow_re_derivation(steps):
    model, given = sees_frame(2), trial(NOISE, sees_frame(2), FRAMES)
    found = judge("gain-in-time", given, steps=steps)
    order = NOISE.double().mean((1, 2)).argsort(descending=True).tolist()
    counts = [round(float(c)) for c in torch.linspace(0, T - 1, min(steps, T - 1) + 1)]

    def curve(order, fill):
        scores = []
        for count in counts:
            kept = torch.ones(T, dtype=torch.bool)
            kept[order[:count]] = False
            scores.append(float(model(fill(FRAMES, kept)[None]).softmax(1)[0, 0]))
        return np.trapezoid(scores, [count / (T - 1) for count in counts])

    gains = []
    for name in ("frozen", "interpolated", "blur"):
        fill = partial(edits.cut, fill=edits.CUTS[name])
        gains.append(curve(order[::-1], fill) - curve(order, fill))
        assert found[f"gain in time, {name}"].value == pytest.approx(gains[-1], abs=1e-6)
    assert found["gain in time"].value == pytest.approx(min(gains), abs=1e-6)


def test_the_opposite_map_has_the_opposite_gain():
    for name in ("gain-in-time", "gain-in-space"):
        one, other = (values(name, map, model=sees_frame(2), image=FRAMES) for map in (NOISE, -NOISE))
        for line in list(one)[1:]:
            assert one[line] == pytest.approx(-other[line], abs=1e-6)


def test_a_map_that_knows_nothing_gains_nothing_over_all_orders():
    clip, gains = FRAMES[:, :3], []
    for order in itertools.permutations(range(3)):
        map = torch.tensor(order).float()[:, None, None].expand(3, SIDE, SIDE)
        gains.append(values("gain-in-time", map, model=sees_frame(2), image=clip)["gain in time, frozen"])
    assert np.mean(gains) == pytest.approx(0, abs=1e-6)


def event(frame=2):
    """Red in one frame, left of the middle, and nothing else."""
    clip = torch.zeros(3, T, SIDE, SIDE)
    clip[0, frame, :, : SIDE // 2] = 1.0
    return clip


def test_only_a_map_that_knows_the_moment_gains_in_time_and_only_one_that_knows_the_place_in_space():
    when, where = torch.zeros(T, SIDE, SIDE), torch.zeros(T, SIDE, SIDE)
    when[2], where[:, :, : SIDE // 2] = 1.0, 1.0
    asked = {"model": sees_frame(2), "image": event()}
    assert values("gain-in-time", when, **asked)["gain in time, frozen"] > 0.2
    assert values("gain-in-space", where, **asked)["gain in space, colour"] > 0.1
    with pytest.raises(Unjudged, match="as strong in every frame"):
        judge("gain-in-time", trial(where, sees_frame(2), event()))
    with pytest.raises(Unjudged, match="as strong in every place"):
        judge("gain-in-space", trial(when, sees_frame(2), event()))


def test_the_gain_in_space_is_that_of_a_slow_re_derivation():
    model, given = sees_frame(2), trial(NOISE, sees_frame(2), FRAMES)
    found = judge("gain-in-space", given, steps=4)
    ranks, blurred = ranks_of(NOISE.double().mean(0), 0), Blur().fill(FRAMES)[0]

    def curve(ranks):
        cuts = [round(k * SIDE * SIDE / 4) for k in range(5)]
        clips = torch.stack([torch.where(ranks >= cut, FRAMES, blurred) for cut in cuts])
        return np.trapezoid(model(clips).softmax(1)[:, 0].numpy(), dx=1 / 4)

    wanted = curve(SIDE * SIDE - 1 - ranks) - curve(ranks)
    assert found["gain in space, blur"].value == pytest.approx(wanted, abs=1e-6)


def test_gains_cost_what_they_say():
    assert calls_of("gain-in-time", trial(NOISE, sees_frame(2), FRAMES), fills=1) == 2 * (T - 1)
    assert calls_of("gain-in-time", trial(NOISE, sees_frame(2), FRAMES)) < 3 * 2 * (T - 1)  # ends look alike
    assert calls_of("gain-in-time", trial(NOISE, sees_frame(2), FRAMES), steps=3, fills=1) == 2 * 3
    assert calls_of("gain-in-space", trial(NOISE, sees_frame(2), FRAMES), steps=6, fills=2) == 2 * (2 * 6 - 1)


# -- pointing and tubes


def marked(*frames):
    truth = torch.zeros(T, SIDE, SIDE, dtype=torch.bool)
    truth[list(frames), 2:6, 2:6] = True
    return truth


def test_temporal_pointing_asks_only_when():
    map = torch.zeros(T, SIDE, SIDE)
    map[4, 0, 0] = 1.0  # the right moment, the wrong place
    assert values("temporal-pointing", map, truth=marked(3, 4)) == {
        "temporal pointing": 1.0,
        "marked frames": pytest.approx(1 / 3),
    }
    assert values("temporal-pointing", map, truth=marked(3))["temporal pointing"] == 0.0
    map[1, 5, 5] = 1.0  # as strong as frame 4: half a hit
    assert values("temporal-pointing", map, truth=marked(3, 4))["temporal pointing"] == 0.5
    with pytest.raises(Unjudged, match="in every frame"):
        judge("temporal-pointing", trial(map, truth=marked(*range(T))))


def test_a_tube_is_followed_frame_by_frame():
    truth = marked(1, 2, 3)
    perfect = values("tube", truth.float(), truth=truth)
    assert perfect == {"tube energy": 4.0, "tube overlap": 1.0, "energy in marked frames": 2.0}
    still = truth.any(dim=0).expand(T, SIDE, SIDE).float()  # the right place at all times
    assert values("tube", still, truth=truth) == {
        "tube energy": 4.0,
        "tube overlap": 1.0,
        "energy in marked frames": 1.0,
    }
    assert values("tube", (~truth).float(), truth=truth)["tube energy"] == 0.0


def test_each_frame_of_a_tube_counts_alike():
    truth, map = marked(1, 2), torch.zeros(T, SIDE, SIDE)
    map[1, 0, 0], map[2, 3, 3] = 100.0, 1.0  # a strong miss and a weak hit
    found = values("tube", map, truth=truth)
    assert found["tube energy"] == pytest.approx((0 + 4) / 2)
    assert found["energy in marked frames"] == pytest.approx(3.0)


def test_joint_metrics_of_place_take_masks_of_clips():
    truth = marked(1, 2)
    assert values("overlap", truth.float(), truth=truth)["overlap"] == 1.0
    assert values("energy-pointing", truth.float(), truth=truth)["energy pointing"] == pytest.approx(12.0)


# -- controls by what the clip no longer holds


def test_the_map_of_a_model_without_order_follows_the_shuffled_frames():
    def order_blind(clips):
        return torch.stack([(clips[:, 0] ** 2).mean((1, 2, 3)), clips[:, 1].mean((1, 2, 3))], 1)

    module = type("Blind", (torch.nn.Module,), {"forward": lambda self, clips: order_blind(clips)})()
    found = judge("still-and-shuffled", trial_of(module, FRAMES, "saliency"))
    assert found["shuffle agreement"].value == pytest.approx(1, abs=1e-5)


def test_the_map_of_a_model_of_one_frame_stays_at_its_number():
    module = type("One", (torch.nn.Module,), {"forward": lambda self, clips: sees_frame(2)(clips)})()
    asked = trial_of(module, FRAMES, "saliency")
    assert judge("still-and-shuffled", asked)["still agreement"].value == pytest.approx(1, abs=1e-5)
    assert judge("still-and-shuffled", asked)["shuffle agreement"].value < 0.5
    assert asked.again.maps == 4


def test_controls_that_look_at_the_clip_only():
    image = torch.zeros(3, 4, 8, 8)
    image[:, 2, 3, 5] = 1.0  # a flash in the third frame

    def maps(name):
        return trial_of(lambda clips: clips.mean((2, 3, 4)), image, name).map

    energy = maps("motion-energy")
    assert energy.nonzero().tolist() == [[2, 3, 5], [3, 3, 5]]  # it appears, and it goes
    assert maps("first-frames")[:, 0, 0].tolist() == [1.0, 0.75, 0.5, 0.25]
