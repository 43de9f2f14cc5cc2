"""Determinism: differences between answers to the same question, as shares of the map's range."""

import pytest
import torch
from trials import asked, judge, trial_of

from seewhy.domain.score import Unjudged
from seewhy.testing.tiny_models import pictures, tiny_cnn

IMAGE = pictures(1, 3, 24, 24)[0]


def values(found):
    return {name: score.value for name, score in found.items() if name != "other device"}


def test_an_exact_method_gives_the_same_map():
    found = values(judge("determinism", trial_of(tiny_cnn(), IMAGE, "saliency")))
    assert found["same call"] == found["other seed"] == 0
    assert found["other batch"] < 1e-5


def test_a_sampling_method_changes_with_the_seed_alone():
    found = values(judge("determinism", trial_of(tiny_cnn(), IMAGE, "smooth-grad", options={"samples": 8})))
    assert found["same call"] == 0
    assert found["other seed"] > 0.01


def test_each_difference_is_measured_where_it_arises():
    calls = []

    def moody(network, images, targets):
        calls.append(len(images))
        maps = torch.arange(4.0).reshape(1, 2, 2).repeat(len(images), 1, 1)
        maps[:, 0, 0] += 0.3 * (len(images) == 2) + 0.6 * (len(calls) == 2)
        return maps

    found = judge("determinism", trial_of(lambda images: images.mean(dim=(2, 3)), torch.rand(3, 2, 2), moody))
    assert values(found) == pytest.approx({"same call": 0.2, "other batch": 0.1, "other seed": 0.0})


def test_a_function_that_shares_numbers_within_a_batch_is_found_out():
    def shared(network, images, targets):
        return images.mean(dim=1) / images.shape[0]

    found = judge("determinism", trial_of(tiny_cnn(), IMAGE, shared))
    assert found["other batch"].value > 0.1


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is another device")
def test_without_another_device_nothing_is_said_about_it():
    assert not judge("determinism", trial_of(tiny_cnn(), IMAGE, "saliency"))["other device"].known


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs another device")
def test_another_device_agrees():
    assert judge("determinism", trial_of(tiny_cnn(), IMAGE, "saliency"))["other device"].value < 1e-3


def test_it_costs_four_explanations():
    paid, declared = asked("determinism", trial_of(tiny_cnn(), IMAGE, "saliency"))
    assert paid == declared == (0, 4 + torch.cuda.is_available())


def test_ready_made_maps_cannot_be_asked_again():
    with pytest.raises(Unjudged, match="without whoever makes them"):
        judge("determinism", trial_of(tiny_cnn(), IMAGE, IMAGE[0]))
