"""Randomisation: what ignores the network gets 0, what depends on it does not; entropies by hand."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from trials import asked, judge, trial_of

from seewhy.domain.score import Unjudged
from seewhy.engine.forgetting import ever_more, forgetful
from seewhy.metrics.randomisation import entropy
from seewhy.testing.as_found import left_as_found
from seewhy.testing.tiny_models import pictures, plain_function, tiny_cnn, tiny_vit

IMAGE = pictures(1, 3, 24, 24)[0]


@pytest.mark.parametrize("network", [tiny_cnn, tiny_vit])
@pytest.mark.parametrize("blind", ["edges", "random"])
def test_what_ignores_the_network_gets_exactly_nothing(network, blind):
    found = judge("randomisation", trial_of(network(), IMAGE, blind))
    assert found["randomisation"].value == pytest.approx(0, abs=1e-12)
    assert found["entropy rise"].value == found["vanished"].value == 0


@pytest.mark.parametrize("network", [tiny_cnn, tiny_vit])
def test_the_score_is_that_of_the_maps_of_the_networks_drawn(network):
    trial = trial_of(network(), IMAGE, "input-x-gradient")
    found = judge("randomisation", trial, samples=2)
    maps = [trial.maps(IMAGE[None], model=forgetful(trial, seed))[0] for seed in (0, 1)]
    apart = [1 - abs(spearmanr(trial.map.flatten(), other.flatten()).statistic) for other in maps]
    assert found["randomisation"].value == pytest.approx(sum(apart) / 2, abs=1e-6)
    assert found["randomisation"].stderr == pytest.approx(abs(apart[0] - apart[1]) / 2, abs=1e-6)
    rises = [_entropy(other) / _entropy(trial.map) - 1 for other in maps]
    assert found["entropy rise"].value == pytest.approx(sum(rises) / 2, abs=1e-4)
    assert found["randomisation"].value > 0.3


def _entropy(values):
    counts, _ = np.histogram(values.numpy(), bins=100)
    shares = counts[counts > 0] / counts.sum()
    return -(shares * np.log(shares)).sum()


def test_the_entropy_of_known_histograms():
    assert entropy(torch.linspace(0, 1, 100)) == pytest.approx(math.log(100))
    assert entropy(torch.tensor([0.0, 0.0, 1.0, 1.0])) == pytest.approx(math.log(2))
    one_hot = torch.zeros(64)
    one_hot[3] = 1
    assert entropy(one_hot) == pytest.approx(-(63 / 64) * math.log(63 / 64) + math.log(64) / 64)


def test_a_map_that_vanishes_is_counted_and_left_out():
    weight = tiny_cnn().head.weight.detach()

    def only_trained(network, images, targets):
        return images[:, 0] * float(torch.equal(network.head.weight.detach(), weight))

    found = judge("randomisation", trial_of(tiny_cnn(), IMAGE, only_trained))
    assert found["vanished"].value == 1
    assert "vanished in every" in found["randomisation"].why


def test_a_map_turned_around_counts_as_the_same_map():
    weight = tiny_cnn().head.weight.detach()

    def turned(network, images, targets):
        return images[:, 0] * (1 if torch.equal(network.head.weight.detach(), weight) else -1)

    found = judge("randomisation", trial_of(tiny_cnn(), IMAGE, turned))
    assert found["randomisation"].value == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("network", [tiny_cnn, tiny_vit])
@pytest.mark.parametrize("name", ["randomisation", "cascading-randomisation"])
def test_the_network_is_left_as_found(network, name):
    module = network()
    trial = trial_of(module, IMAGE, "saliency")
    with left_as_found(module):
        judge(name, trial)


def test_the_same_seed_gives_the_same_number():
    first, again = (judge("randomisation", trial_of(tiny_cnn(), IMAGE, "saliency")) for _ in range(2))
    assert first == again


@pytest.mark.parametrize("name", ["randomisation", "cascading-randomisation"])
def test_a_function_cannot_forget(name):
    with pytest.raises(Unjudged, match="no parameters"):
        judge(name, trial_of(plain_function, IMAGE, "edges"))


def test_ready_made_maps_are_not_judged():
    with pytest.raises(Unjudged, match="without whoever makes them"):
        judge("randomisation", trial_of(tiny_cnn(), IMAGE, IMAGE[0]))


def test_a_grad_cam_of_a_clip_is_judged():
    clip = pictures(1, 3, 8, 16, 16)[0]
    assert judge("randomisation", trial_of(tiny_cnn(3), clip, "saliency"))["randomisation"].value > 0.1


def test_efforts_are_what_is_paid():
    paid, declared = asked("randomisation", trial_of(tiny_cnn(), IMAGE, "saliency"), samples=2)
    assert paid == declared == (16, 2)
    paid, declared = asked("cascading-randomisation", trial_of(tiny_cnn(), IMAGE, "saliency"), steps=3)
    assert paid == declared == (25, 3)
    options = {"steps": 3, "samples": 4}
    paid, declared = asked("cascading-randomisation", trial_of(tiny_cnn(), IMAGE, "saliency"), **options)
    assert paid == declared == (25, 16)


def test_a_cascade_begins_at_the_answer_and_ends_with_everything():
    trial = trial_of(tiny_vit(), IMAGE, "saliency")
    stages = ever_more(trial, 100)
    assert [len(stage) for stage in stages] == list(range(1, len(stages) + 1))
    assert stages[0] == ["head"]
    assert all(set(less) < set(more) for less, more in itertools.pairwise(stages))
    assert [len(stage) for stage in ever_more(trial, 2)] == [round(len(stages) / 2), len(stages)]


def test_the_steps_of_a_cascade_are_those_of_its_networks():
    trial = trial_of(tiny_cnn(), IMAGE, "input-x-gradient")
    found = judge("cascading-randomisation", trial, steps=2)
    maps = [trial.maps(IMAGE[None], model=forgetful(trial, 0, stage))[0] for stage in ever_more(trial, 2)]
    apart = [1 - abs(spearmanr(trial.map.flatten(), other.flatten()).statistic) for other in maps]
    assert found["cascade, first"].value == found["cascade, half"].value == pytest.approx(apart[0], abs=1e-6)
    assert found["cascade, all"].value == pytest.approx(apart[1], abs=1e-6)
    assert found["cascade"].value == pytest.approx(sum(apart) / 2, abs=1e-6)


def test_averaging_over_noisy_images_leaves_a_map_that_ignores_the_network_at_nothing():
    found = judge("cascading-randomisation", trial_of(tiny_cnn(), IMAGE, "edges"), steps=2, samples=3)
    assert found["cascade"].value == pytest.approx(0, abs=1e-12)
