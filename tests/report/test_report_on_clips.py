"""A report on clips: metrics in time and space, and controls that know nothing but the clip."""

import numpy as np
import pytest
import torch

import seewhy
from run.clip_networks import Event


@pytest.fixture(scope="module")
def card():
    clips = torch.rand(6, 3, 8, 8, 8, generator=torch.Generator().manual_seed(0)) * 0.2
    masks = np.zeros((8, 8, 8), bool)
    masks[5, 2:5, 4:7] = True
    clips[:, 0, torch.from_numpy(masks)] += 0.7
    boxes = [None] * 5 + [(4, 2, 7, 5)] + [None] * 2
    return seewhy.report_card(
        Event(), clips, "input-x-gradient", masks=[masks, boxes] * 3, target=1, preprocess=seewhy.Preprocess.plain(),
        metrics={"gain-in-time": {"fills": 1}, "temporal-pointing": {}, "tube": {}, "overlap": {}},
    )  # fmt: skip


def mean(card, method, line):
    return card.interval(method, line).value


def test_the_moment_is_found_by_the_method_and_by_no_control(card):
    assert mean(card, "input-x-gradient", "temporal pointing") == 1.0
    assert mean(card, "first-frames", "temporal pointing") == 0.0
    gains = {name: mean(card, name, "gain in time") for name in card.methods}
    assert gains["first-frames"] < gains["input-x-gradient"]
    assert card.interval("input-x-gradient", "gain in time").low > 0


def test_controls_of_clips_stand_beside_those_of_photos(card):
    assert card.methods[1:] == ("random", "blurred-random", "centre-prior", "edges", "motion-energy", "first-frames")
    assert all(one.role == "control" for one in card.contestants[1:])


def test_boxes_are_the_masks_that_they_enclose(card):
    row = card.row("tube overlap")
    assert not row.whys[0]
    assert np.isfinite(row.values[0]).all()
    assert (card.row("marked frames").values[0] == 1 / 8).all()


def test_photos_meet_neither_those_controls_nor_those_metrics():
    photos = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    found = seewhy.report_card(
        lambda x: x.mean((2, 3)), photos, "random", level="quick", preprocess=seewhy.Preprocess.plain()
    )
    assert "motion-energy" not in found.methods
    assert not any("in time" in row.line.name for row in found.rows)
