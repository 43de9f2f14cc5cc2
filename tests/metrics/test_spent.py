"""What a map cost, and when nobody knows."""

import pytest
from trials import judge, trial_of

from seewhy.domain.cost import Cost
from seewhy.domain.score import Unjudged
from seewhy.testing.tiny_models import pictures, tiny_cnn

IMAGE = pictures(1, 3, 24, 24)[0]


def test_calls_and_seconds_are_those_of_the_trial():
    found = judge("cost", trial_of(tiny_cnn(), IMAGE, "saliency", cost=Cost(3, 2), seconds=0.5))
    assert {name: score.value for name, score in found.items()} == {
        "model calls": 5,
        "forward passes": 3,
        "backward passes": 2,
        "seconds": 0.5,
    }


def test_calls_that_nobody_counted_are_not_nought():
    found = judge("cost", trial_of(tiny_cnn(), IMAGE, lambda network, images, targets: images[:, 0], seconds=0.5))
    assert not found["model calls"].known
    assert found["seconds"].value == 0.5


def test_ready_made_maps_have_no_known_cost():
    with pytest.raises(Unjudged, match="ready-made"):
        judge("cost", trial_of(tiny_cnn(), IMAGE, IMAGE[0]))
