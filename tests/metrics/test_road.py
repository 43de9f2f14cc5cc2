"""ROAD against its definition, step by step."""

import pytest
import torch

import seewhy
from seewhy.domain.score import Unjudged
from seewhy.domain.target import Target
from seewhy.engine.probe import Probe
from seewhy.engine.trial import Trial
from seewhy.metrics.road import effort, road

IMAGE = torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(0)) * 0.3
IMAGE[..., 6:18, 6:18] += 0.6
MAP = IMAGE[0].mean(dim=0)


def bright(images):
    """Bright in the middle, or not."""
    level = 20 * (images[..., 6:18, 6:18].mean(dim=(1, 2, 3)) - 0.5)
    return torch.stack([level, -level], dim=1)


def trial(values, target=None):
    model = seewhy.adapt(bright, labels=["bright", "dark"])
    return Trial(Probe(model, IMAGE, [target or Target(0, "bright")]), values, seewhy.Mean())


def by_hand(values):
    """Probability and prediction at 10 to 90 %, the highest values removed first."""
    order = values.flatten().argsort(descending=True)
    found = []
    for share in range(1, 10):
        keep = torch.ones(24 * 24, dtype=torch.bool)
        keep[order[: round(share * 24 * 24 / 10)]] = False
        seen = seewhy.Linear().complete(IMAGE[0], keep.reshape(1, 24, 24))
        chances = bright(torch.where(keep.reshape(24, 24), IMAGE, seen)).softmax(dim=1)[0]
        found.append((float(chances[0]), float(chances[0] > chances[1])))
    return torch.tensor(found).mean(dim=0)


def test_it_is_what_the_definition_says():
    (most, wrong), (least, right) = by_hand(MAP), by_hand(-MAP)
    scores = road(trial(MAP))
    assert scores["road"].value == pytest.approx(float(least - most) / 2, abs=1e-3)
    assert scores["accuracy, most"].value == pytest.approx(float(wrong), abs=1e-6)
    assert scores["accuracy, least"].value == pytest.approx(float(right), abs=1e-6)
    assert right > wrong


def test_the_opposite_map_gets_the_opposite():
    one, other = road(trial(MAP)), road(trial(-MAP))
    assert one["road"].value == pytest.approx(-other["road"].value, abs=1e-6)
    assert one["accuracy, most"].value == other["accuracy, least"].value


def test_both_readings_share_the_model_calls():
    asked = trial(MAP)
    before = len(asked.probe.clean)
    road(asked, steps=5)
    assert asked.probe.control.spent.forward - before == effort({"steps": 5}).cost.forward


def test_a_target_that_is_no_class_is_not_judged():
    with pytest.raises(Unjudged, match="no class"):
        road(trial(MAP, Target(None, "sum", function=lambda outputs: outputs.sum(dim=1))))
