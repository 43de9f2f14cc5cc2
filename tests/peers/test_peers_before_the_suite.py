"""Explainers of other libraries before the conformance suite: what is right is found right, and known defects show."""

import warnings

import pytest

import seewhy
from seewhy.provable.peers import LIBRARIES, peer_of

RIGHT = [
    ("captum:IntegratedGradients", ["C1", "C2", "C3", "C5", "random games", "field of view"]),
    ("captum:Occlusion", ["C1", "C2", "C3", "C5", "field of view"]),
    ("captum:FeatureAblation", ["C1", "C3", "C5"]),
    ("captum:ShapleyValueSampling", ["C3", "complete"]),
    ("captum:GradientShap", ["C1"]),
    ("captum:LayerGradCam", ["C9"]),
    ("grad-cam:HiResCAM", ["C8", "C9"]),
    ("torchcam:GradCAM", ["C9"]),
    ("shap:KernelExplainer", ["C2", "C3", "C5"]),
    ("shap:PermutationExplainer", ["C2", "C3"]),
    ("shap:PartitionExplainer", ["C2", "complete"]),
]


@pytest.mark.parametrize(("name", "levels"), RIGHT)
def test_what_a_peer_does_right_holds(name, levels):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = seewhy.conformance(name, levels=levels)
    assert {each.status for each in found.outcomes} == {"holds"}, str(found)


def test_grad_cam_lights_up_what_the_network_cannot_see_and_does_not_claim_otherwise():
    found = seewhy.conformance("grad-cam:GradCAM", levels=["C8"])
    assert found["field of view"].status == "does not hold"
    assert found["field of view"].number < 0.6


def test_deep_lift_of_captum_does_not_add_up_where_places_are_multiplied():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = seewhy.conformance("captum:DeepLift", levels=["complete"])
    assert found["complete"].status == "fails"


def test_lime_is_asked_and_answers():
    found = seewhy.conformance("lime:LimeImageExplainer", levels=["C1"], num_samples=200)
    assert 0 < found["linear"].number < 0.5


def test_a_cam_does_not_apply_where_there_is_no_convolution():
    found = seewhy.conformance("grad-cam:GradCAM", levels=["C1"])
    assert (found["linear"].status, found["linear"].says) == ("does not apply", "it needs a convolutional network")


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_peer_that_is_named_exists_in_its_library(library):
    import importlib

    homes = {
        "captum": "captum.attr",
        "torchcam": "torchcam.methods",
        "grad-cam": "pytorch_grad_cam",
        "lime": "lime.lime_image",
    }
    home = importlib.import_module(homes.get(library, library))
    for name in LIBRARIES[library]:
        assert hasattr(home, name), name
        assert peer_of(library, name)
