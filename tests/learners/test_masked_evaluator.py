"""A copy that learns to see images with holes, and what it is worth as a judge."""

from __future__ import annotations

import pytest
import torch

import seewhy
from seewhy.domain.baseline import Colour
from seewhy.errors import BadOption, Cancelled, MissingCapability
from seewhy.learners.masked_evaluator import fit
from seewhy.models.adapt import adapt
from seewhy.testing.as_found import left_as_found, well_used
from seewhy.testing.scenes import dataset
from seewhy.testing.tiny_models import pictures, plain_function, tiny_cnn

PLAIN = seewhy.Preprocess.plain()
BRIEF = {"steps": 4, "batch": 4}


def test_the_copy_knows_holes_better_than_the_model_and_whole_images_as_well(trained):
    network = trained("cnn").network
    images = dataset(96, seed=11).images
    found = fit(adapt(network, preprocess=PLAIN), images, fill=Colour(0.5), steps=60)
    assert found.accuracy > found.before
    assert found.agreement >= 0.9
    assert (found.images, found.steps) == (96, 60)


def test_the_persons_network_is_left_as_it_was():
    network = well_used(tiny_cnn())
    with left_as_found(network):
        tuned = fit(adapt(network, preprocess=PLAIN), pictures(8, 3, 24, 24), fill=Colour(0.5), **BRIEF).model
    own, copy = dict(network.named_parameters()), dict(tuned.module.named_parameters())
    assert any(not torch.equal(own[name], copy[name]) for name in own)


def test_the_same_seed_teaches_the_same_copy():
    def weights(seed):
        model = adapt(tiny_cnn(), preprocess=PLAIN)
        made = fit(model, pictures(8, 3, 24, 24), fill=Colour(0.5), seed=seed, **BRIEF).model
        return torch.cat([weight.flatten() for weight in made.module.parameters()])

    assert torch.equal(weights(0), weights(0))
    assert not torch.equal(weights(0), weights(1))


def test_a_model_that_cannot_be_copied_is_refused_with_what_to_do():
    with pytest.raises(MissingCapability, match=r"wrap a torch\.nn\.Module"):
        fit(adapt(plain_function, preprocess=PLAIN), pictures(8, 3, 24, 24), fill=Colour(0.5), **BRIEF)


def test_clips_are_learned_too():
    found = fit(adapt(tiny_cnn(3), preprocess=PLAIN), pictures(8, 3, 4, 16, 16), fill=Colour(0.5), **BRIEF)
    assert 0 <= found.agreement <= 1


def test_it_can_be_cancelled():
    from seewhy.engine.control import Control

    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        fit(adapt(tiny_cnn(), preprocess=PLAIN), pictures(8, 3, 24, 24), fill=Colour(0.5), control=control, **BRIEF)


def test_a_report_judges_by_the_copy_and_says_how_far_it_can_stand_for_the_model():
    images = pictures(8, 3, 24, 24)
    metrics = {"tuned-gain": {"steps": 4}, "f-fidelity": {"samples": 6}}
    card = seewhy.report_card(tiny_cnn(), images, "saliency", metrics=metrics, preprocess=PLAIN, tune=True)
    assert card.interval("saliency", "tuned gain").known
    assert card.tuned is not None
    assert "The tuned copy says what the model says on " in card.summary()


def test_without_tuning_its_lines_say_that_they_need_it():
    card = seewhy.report_card(
        tiny_cnn(), pictures(6, 3, 24, 24), "saliency", metrics="tuned-gain", preprocess=PLAIN, controls=False
    )
    assert card.row("tuned gain").whys[0] == {"no copy was tuned on images with holes, which tune=True does": 6}


def test_three_images_teach_nothing():
    with pytest.raises(BadOption, match="3 images of one size"):
        seewhy.report_card(tiny_cnn(), pictures(3, 3, 24, 24), "saliency", tune=True, preprocess=PLAIN)
