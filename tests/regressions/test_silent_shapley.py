"""What the peers' Shapley explainers do silently: other pictures' blur, endless batches, values that do not add up."""

from __future__ import annotations

import gc

import numpy as np
import pytest
import torch
from failing_networks import Small
from torch import nn

import seewhy
from seewhy.domain.baseline import Blur

PICTURES = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
FAMILY = ("exact-shapley", "kernel-shap", "permutation-shapley", "partition-shapley", "shapley-interactions")
OPTIONS = {"regions": seewhy.Grid(3), "baseline": seewhy.Colour(0.5), "target": 1, "scale": "logit"}


@pytest.mark.parametrize("method", FAMILY)
def test_values_add_up_to_the_difference_that_the_network_itself_tells(method: str) -> None:
    # shap#3725, #3938: a user's way out was to switch the check off
    network = Small().eval()
    found = seewhy.explain(network, PICTURES[0], method=method, **OPTIONS)
    with torch.no_grad():
        whole, grey = (float(network(x)[0, 1]) for x in (PICTURES[:1], torch.full((1, 3, 32, 32), 0.5)))
    assert found.parts.values.sum() == pytest.approx(whole - grey, abs=1e-4 * max(1, abs(whole)))


def test_pictures_never_get_the_blur_of_another_that_had_their_address() -> None:
    # shap's image masker keys its blur on the id of a temporary view: 1 of 400 pictures got another's
    blur = Blur()
    for i in range(60):
        image = torch.full((3, 16, 16), i / 60)  # a flat picture is its own blur
        assert torch.allclose(blur.fill(image)[0], image, atol=1e-5)
        del image
        gc.collect(0)


def test_two_flat_pictures_in_one_run_are_explained_with_their_own_blur() -> None:
    flat = torch.stack([torch.full((3, 32, 32), level) for level in (0.2, 0.9)])
    for found in seewhy.explain(Small(), flat, method="kernel-shap", regions=seewhy.Grid(3), target=[1, 1]):
        assert np.abs(found.values).max() < 1e-4  # blurred or not: the same picture


@pytest.mark.parametrize("method", [*FAMILY, "banzhaf"])
def test_model_calls_stay_as_small_as_was_asked(method: str) -> None:
    # shap#1977, #48, #1035: no batching, users wrote chunked wrappers
    sizes: list[int] = []

    def listening(images: torch.Tensor) -> torch.Tensor:
        sizes.append(len(images))
        return images.mean(dim=(2, 3))

    model = seewhy.adapt(listening)
    model.limit = 4
    options = {} if method in ("exact-shapley", "partition-shapley") else {"samples": 100}
    seewhy.explain(model, PICTURES[0], method=method, **{**OPTIONS, **options})
    assert max(sizes) <= 4
    assert len(sizes) > 10


def test_partition_shapley_takes_torch_networks_and_tensors_and_hides_all_channels_of_a_region_at_once() -> None:
    # shap#2376: fails with PyTorch tensors; its tree goes on to split the channels of one place
    asked: list[torch.Tensor] = []

    class Listening(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(3, 2)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            asked.extend(images.detach().clone())
            return self.head(images.mean(dim=(2, 3)))

    found = seewhy.explain(Listening(), PICTURES[0] * 0.4, method="partition-shapley", **OPTIONS)
    assert found.parts.values.shape == (9,)
    absent = torch.stack([image for image in asked if image.shape == PICTURES[0].shape]) == 0.5
    assert absent.any()
    assert torch.equal(absent.all(dim=1), absent.any(dim=1))


@pytest.mark.parametrize("method", ["kernel-shap", "shapley-interactions", "permutation-shapley"])
def test_the_empty_and_the_whole_picture_are_paid_once(method: str) -> None:
    # captum's ShapleyValueSampling pays both again for every permutation
    grey, whole = [], []

    def listening(images: torch.Tensor) -> torch.Tensor:
        grey.extend(images.flatten(1).std(dim=1) < 1e-6)
        whole.extend((images == PICTURES[:1]).flatten(1).all(dim=1))
        return images.mean(dim=(2, 3))

    seewhy.explain(seewhy.adapt(listening), PICTURES[0], method=method, checks="quick", samples=64, **OPTIONS)
    assert sum(map(bool, grey)) == 1
    assert sum(map(bool, whole)) <= 2  # one may be the dry run of the adapter


@pytest.mark.parametrize("method", ["kernel-shap", "shapley-interactions"])
def test_no_coalition_is_asked_about_twice(method: str) -> None:
    # captum and shap draw with replacement: small sizes are paid again and again
    asked: list[bytes] = []

    def listening(images: torch.Tensor) -> torch.Tensor:
        asked.extend(image.numpy().tobytes() for image in images)
        return images.mean(dim=(2, 3))

    options = {**OPTIONS, "regions": seewhy.Grid(3), "samples": 300, "tolerance": 0.0, "checks": "quick"}
    found = seewhy.explain(seewhy.adapt(listening), PICTURES[0], method=method, **options)
    assert found.sampling.drawn == 150
    assert len(asked) - len(set(asked)) <= 1  # at most the dry run of the adapter


def test_interactions_that_lie_in_their_band_are_not_claimed() -> None:
    found = seewhy.explain(Small(), PICTURES[0], method="shapley-interactions", samples=40, **OPTIONS)
    couple = found.parts.couples()[0]
    assert ("is not known" in found.summary()) == (abs(couple.value) <= couple.band)
