"""What users of other libraries asked for again and again: it works here without a setting, for every method.

Numbers are those of the list of telling items: tuning (17), layers (18), outputs (22), batches (23), frozen parts (24).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf
from failing_networks import PICTURES, Small
from torch import nn

import seewhy
from seewhy.domain.capability import Capability
from seewhy.registry import Entry, load_all
from seewhy.testing.asking import CASES, Case, ask, assert_close, cases_of

IMAGES_ONLY = [case for case in CASES if case.axes == 2 and case.name != "function"]
LOOKING = [entry for entry in load_all().values() if entry.reads or Capability.GRADIENTS in entry.needs]
SIZES = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}


def pairs(entries: list[Entry]) -> list[Any]:
    """Each method on the first small network that serves it."""
    found = [(entry, next(iter(cases_of(entry, IMAGES_ONLY)), None)) for entry in entries]
    return [pytest.param(entry, case, id=f"{entry.name}-{case}") for entry, case in found if case is not None]


# -- 17: "needs per-layer gamma tuning"


def test_no_attention_method_needs_a_number_per_layer_on_an_image_text_model() -> None:
    torch.manual_seed(0)
    text = {**SIZES, "vocab_size": 20, "bos_token_id": 0, "eos_token_id": 1}
    vision = {**SIZES, "image_size": 32, "patch_size": 8}
    network = hf.CLIPModel(hf.CLIPConfig(text_config=text, vision_config=vision)).eval()
    asked = seewhy.adapt(network, preprocess=seewhy.Preprocess.plain())
    attention = [entry.name for entry in load_all().values() if entry.family == "attention"]
    target = seewhy.Similar(PICTURES[1])
    found = seewhy.explain(asked, PICTURES[0], method=attention, target=target)
    for name, one in zip(attention, found, strict=True):
        assert one.values.shape == (4, 4), name
        assert np.isfinite(one.values).all(), name
        assert np.ptp(one.values) > 0, name


# -- 18: "which layer, and why do two layers look opposite"


class Brightens(nn.Module):
    """Two layers that keep a bright patch bright; the class is what is bright."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 2, stride=2), nn.Conv2d(4, 5, 2, stride=2)
        self.head = nn.Linear(5, 2)
        with torch.no_grad():
            for part in (self.first, self.second):
                part.weight.uniform_(0.05, 0.2, generator=torch.Generator().manual_seed(0))
                part.bias.zero_()
            self.head.weight.copy_(torch.tensor([[1.0] * 5, [-1.0] * 5]))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.second(torch.relu(self.first(images))).relu().mean(dim=(2, 3)))


def patch() -> torch.Tensor:
    image = torch.full((3, 32, 32), 0.1)
    image[:, 4:12, 20:28] = 0.9
    return image


@pytest.mark.parametrize("method", ["grad-cam", "grad-cam++", "layer-cam", "hires-cam", "xgrad-cam", "ablation-cam"])
def test_two_layers_that_show_the_same_agree_in_place_and_sign(method: str) -> None:
    first, second = (
        seewhy.explain(Brightens(), patch(), method=method, layer=layer, target=0, sign="both")
        for layer in ("first", "second")
    )
    for found in (first, second):
        heat = found.heatmap()
        assert heat[6:10, 22:26].min() > 0
        assert heat[6:10, 22:26].min() > 2 * heat[20:, :12].max()


def test_the_layer_and_the_reason_for_it_are_told_and_the_same_for_every_cam() -> None:
    cams = [entry.name for entry in load_all().values() if entry.family == "activation" and "layer" in entry.options]
    options = {"samples": 4, "groups": 4}
    with_samples = {name: {k: v for k, v in options.items() if k in load_all()[name].options} for name in cams}
    found = seewhy.explain(Brightens(), patch(), method=with_samples, target=0)
    assert {one.layer.name for one in found} == {"second"}
    for one in found:
        assert one.layer.why
        assert one.to_json()["layer"]["why"] == one.layer.why


# -- 22: "'tuple' has no attribute 'cpu'"


class AsTuple(nn.Module):
    """The answer of a Hugging Face network without the names."""

    def __init__(self, inner: hf.ViTForImageClassification) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.inner(images).to_tuple()


def vit(**said: Any) -> hf.ViTForImageClassification:
    torch.manual_seed(0)
    config = hf.ViTConfig(**SIZES, image_size=32, patch_size=8, num_labels=3, **said)
    return hf.ViTForImageClassification(config).eval()


@pytest.mark.parametrize(
    "build",
    [
        lambda: vit(output_hidden_states=True),
        lambda: vit(output_attentions=True, attn_implementation="eager"),
        lambda: AsTuple(vit()),
        lambda: AsTuple(vit(output_hidden_states=True)),
    ],
    ids=["with hidden states", "with attentions", "as a tuple", "as a long tuple"],
)
def test_whatever_a_hugging_face_network_answers_its_class_scores_are_explained(build: Callable[[], nn.Module]) -> None:
    asked = {"method": ["grad-cam", "gradient-attention", "occlusion"], "target": 2, "window": 16, "stride": 16}
    expected = seewhy.explain(vit(), PICTURES[0], sign="both", **asked)
    for one, other in zip(seewhy.explain(build(), PICTURES[0], sign="both", **asked), expected, strict=True):
        assert np.abs(other.values).max() > 0
        np.testing.assert_allclose(one.values, other.values, atol=1e-4 * np.abs(other.values).max())


# -- 23: "a batch gives one map, or look-alike maps"; part of the batch with several devices


def test_a_batch_through_a_data_parallel_wrapper_has_one_map_per_image_and_each_its_own() -> None:
    found = seewhy.explain(nn.DataParallel(Small()), PICTURES, method="grad-cam", target=[0, 1, 2], sign="both")
    assert len(found) == len(PICTURES)
    for image, target, one in zip(PICTURES, (0, 1, 2), found, strict=True):
        alone = seewhy.explain(Small(), image, method="grad-cam", target=target, sign="both")
        np.testing.assert_allclose(one.values, alone.values, rtol=1e-4, atol=1e-6)
    assert not np.allclose(found[0].values, found[1].values, rtol=0.1)


# -- 24: "frozen backbones break CAM; flip requires_grad"


@pytest.mark.parametrize(("entry", "case"), pairs(LOOKING))
def test_a_frozen_network_has_the_map_of_a_free_one_and_stays_frozen(entry: Entry, case: Case) -> None:
    free, frozen, images = case.build(), case.build(), case.images(1)
    frozen.requires_grad_(False)
    (expected,) = ask(entry, free, images)
    (found,) = ask(entry, frozen, images)
    assert_close(found.values, expected.values, 1e-6, beside=expected.target.score)
    assert not any(parameter.requires_grad for parameter in frozen.parameters())
    assert all(parameter.requires_grad for parameter in free.parameters())
