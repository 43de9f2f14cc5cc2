"""Anything that classifies images becomes a Model, with what its family keeps beside it."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from seewhy.errors import BadOption, UnsupportedModel
from seewhy.inputs.preprocess import IMAGENET, Preprocess
from seewhy.models.adapt import adapt


def net():
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 2))


def vit(**labels):
    from transformers import ViTConfig, ViTForImageClassification

    config = ViTConfig(
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        image_size=32,
        patch_size=16,
        **labels,
    )
    return ViTForImageClassification(config)


def processor():
    from transformers import ViTImageProcessor

    return ViTImageProcessor(size={"height": 32, "width": 32}, image_mean=[0.1] * 3, image_std=[0.2] * 3)


def test_a_plain_module_is_known_by_its_class_and_nothing_is_assumed():
    model = adapt(net())
    assert (model.name, model.preprocess, model.labels, model.notes) == ("Sequential", None, None, ())


def test_a_timm_model_brings_its_preprocessing():
    import timm

    model = adapt(timm.create_model("test_vit", pretrained=False))
    assert model.preprocess.source == "timm pretrained_cfg"
    assert model.preprocess.input_size == (160, 160)


def test_torchvision_weights_bring_preprocessing_and_labels_in_one_word():
    import torchvision

    module, weights = torchvision.models.squeezenet1_1(weights=None), torchvision.models.SqueezeNet1_1_Weights.DEFAULT
    both = adapt(module, preprocess=weights)
    apart = adapt(module, preprocess=weights.transforms(), labels=weights.meta["categories"])
    assert both.labels == apart.labels
    assert both.labels[281] == "tabby"
    assert both.preprocess == apart.preprocess
    assert both.notes == ()
    assumed = adapt(module)
    assert assumed.preprocess == IMAGENET
    assert "assumed" in assumed.notes[0]


def test_torchvisions_video_networks_are_assumed_to_want_what_kinetics_weights_do():
    import torchvision

    network, weights = torchvision.models.video.r3d_18(weights=None), torchvision.models.video.R3D_18_Weights.DEFAULT
    assumed, told = adapt(network), adapt(network, preprocess=weights)
    assert "assumed" in assumed.notes[0]
    assert replace(assumed.preprocess, assumed=False, source=told.preprocess.source) == told.preprocess
    assert told.notes == ()


def test_a_torchvision_network_for_another_task_gets_no_imagenet_preprocessing():
    import torchvision

    assert adapt(torchvision.models.optical_flow.raft_small(weights=None)).preprocess is None


def test_a_hugging_face_model_brings_its_labels_and_asks_for_its_processor():
    named = {"id2label": {0: "cat", 1: "dog"}, "label2id": {"cat": 0, "dog": 1}}
    model = adapt(vit(**named))
    assert model.labels == ("cat", "dog")
    assert "preprocess=processor" in model.notes[0]
    with_processor = adapt(vit(**named), preprocess=processor())
    assert with_processor.preprocess.mean == (0.1,) * 3
    assert with_processor.notes == ()


def test_placeholder_labels_are_no_names():
    assert adapt(vit(num_labels=3)).labels is None


def test_a_hugging_face_pipeline_is_taken_apart():
    from transformers import ImageClassificationPipeline

    model = adapt(ImageClassificationPipeline(model=vit(), image_processor=processor()))
    assert model.preprocess.std == (0.2,) * 3
    assert model(torch.rand(2, 3, 32, 32)).shape == (2, 2)


@pytest.mark.parametrize(
    ("given", "mean", "assumed"),
    [
        (Preprocess.of(mean=(0.1,) * 3), 0.1, False),
        ({"size": 2, "mean": [0.1] * 3, "std": [0.2] * 3}, 0.1, False),
        ({"size": 2}, 0.485, True),
        ({"input_size": (3, 2, 2), "mean": (0.1,) * 3, "std": (0.2,) * 3}, 0.1, False),
        ({"image_mean": [0.1] * 3, "image_std": [0.2] * 3, "do_resize": False}, 0.1, False),
    ],
)
def test_preprocessing_is_understood_in_every_familys_form(given, mean, assumed):
    found = adapt(net(), preprocess=given).preprocess
    assert found.mean[0] == mean
    assert found.assumed == assumed


@pytest.mark.parametrize("given", [3, "imagenet", {"size": 2, "means": 0.5}, lambda image: image])
def test_preprocessing_in_no_known_form_is_refused(given):
    with pytest.raises(BadOption):
        adapt(net(), preprocess=given)


def test_labels_may_be_a_sequence_or_a_dictionary_by_index():
    assert adapt(net(), labels=["a", "b"]).labels == ("a", "b")
    assert adapt(net(), labels={"1": "b", "0": "a"}).labels == ("a", "b")
    assert adapt(net(), labels={2: "c"}).labels == ("class 0", "class 1", "c")
    with pytest.raises(BadOption, match="str"):
        adapt(net(), labels="cat")


def test_a_module_is_never_moved_but_refused_when_it_is_elsewhere():
    module = net()
    with pytest.raises(BadOption, match=r"\.to\('meta'\)"):
        adapt(module, device="meta")
    assert next(module.parameters()).device.type == "cpu"
    assert adapt(module, device="cpu").module is module


def test_a_model_by_name_is_made_on_the_device_asked_for():
    assert adapt("timm:test_vit", device="meta").device.type == "meta"


@pytest.mark.parametrize("device", ["tpu9", "cuda:99"])
def test_a_device_that_is_not_there_is_one_error(device):
    with pytest.raises(BadOption, match=device):
        adapt("timm:test_vit", device=device)


def test_adapting_changes_nothing_of_the_module():
    module = net().train()
    before = copy.deepcopy(module.state_dict())
    adapt(module)
    assert module.training
    assert all(p.requires_grad for p in module.parameters())
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())


def test_an_adapted_model_passes_through_and_takes_no_second_say():
    model = adapt(net())
    assert adapt(model) is model
    with pytest.raises(BadOption, match="already adapted"):
        adapt(model, labels=["a", "b"])


@pytest.mark.parametrize("thing", [3, None, [net()], nn.Linear, {"model": 1}])
def test_what_is_no_model_is_refused_with_what_would_be(thing):
    with pytest.raises(UnsupportedModel, match=r"torch\.nn\.Module"):
        adapt(thing)


@pytest.mark.parametrize("options", [{"takes": "array"}, {"batch": 3}])
def test_options_of_functions_mean_nothing_for_a_module(options):
    with pytest.raises(BadOption, match="means nothing"):
        adapt(net(), **options)


def test_the_card_says_what_is_on_and_why_the_rest_is_off():
    card = adapt("timm:test_vit").offers
    assert card.methods["grad-cam"] is None
    assert "not trained" in card.facts["notes"]
    assert card.facts["runs on"] == "cpu, float32"
    off = adapt(lambda images: images).offers.methods["grad-cam"]
    assert off.startswith("needs gradients and layers: it is a plain function")
