"""LIME and RISE from the very questions that were asked, and the two controls."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import seewhy
from seewhy.engine.masks import SoftGrid
from seewhy.testing import oracles

IMAGE = torch.rand(3, 24, 24, generator=torch.Generator().manual_seed(0)) * 0.8 + 0.1
CELLS = 6
WEIGHTS = torch.randn(3, 24, 24, generator=torch.Generator().manual_seed(1)) / 10


def logits(images: torch.Tensor) -> torch.Tensor:
    score = torch.tanh((images * WEIGHTS).flatten(1).sum(dim=1)) + 0.3 * images[:, 0, :12].flatten(1).amax(dim=1)
    return torch.stack([score, -score, 0.2 * score], dim=1)


class Listening:
    """A plain function that remembers what it was asked, and what it answered."""

    def __init__(self) -> None:
        self.asked: list[torch.Tensor] = []

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        self.asked += list(images.clone())
        return logits(images)


def test_lime_is_the_weighted_ridge_on_exactly_the_images_that_were_asked() -> None:
    listening = Listening()
    options = {"regions": seewhy.Grid(CELLS), "baseline": seewhy.Colour(0.0), "samples": 300, "tolerance": 0.0}
    found = seewhy.explain(listening, IMAGE, method="lime", target=0, **options)
    asked = torch.stack(listening.asked)
    corners = asked[:, 0, ::4, ::4].flatten(1)  # a cell is absent where its first pixel is black
    rows, first = np.unique((corners > 0).double().numpy(), axis=0, return_index=True)
    assert len(rows) == 302  # 300 draws, the whole and the empty image; none was asked about twice
    answers = torch.softmax(logits(asked[first]), dim=1)[:, 0].double().numpy()  # LIME is published for probabilities
    expected = oracles.lime(rows, answers, width=0.25, strength=1.0)
    np.testing.assert_allclose(found.values.ravel(), expected, atol=1e-5)
    assert found.target.scale == "probability"


def test_rise_is_the_formula_on_the_same_masks() -> None:
    masks = torch.cat([block for _, block in SoftGrid((24, 24), 7, 0.5, 3).draw(200, 64)])
    options = {"baseline": seewhy.Colour(0.25), "samples": 200, "tolerance": 0.0, "scale": "logit", "seed": 3}
    found = seewhy.explain(logits, IMAGE, method="rise", target=0, **options)
    views = 0.25 + masks[:, None] * (IMAGE - 0.25)
    expected = oracles.rise(masks.double().numpy(), logits(views)[:, 0].double().numpy(), keep=0.5)
    np.testing.assert_allclose(found.values, expected, atol=1e-5)


def test_rise_masks_keep_as_much_as_was_asked_everywhere_on_average() -> None:
    masks = torch.cat([block for _, block in SoftGrid((24, 24), 7, 0.3, 0).draw(2000, 500)])
    assert masks.min() >= 0
    assert masks.max() <= 1
    assert (masks.mean(dim=0) - 0.3).abs().max() < 0.06


@pytest.mark.parametrize("method", ["random", "centre-prior"])
def test_controls_know_nothing_of_the_model_image_or_class(method: str) -> None:
    first, second = seewhy.explain(logits, torch.stack([IMAGE, 1 - IMAGE]), method=method, target=[0, 1])
    other = seewhy.explain(lambda images: images.mean(dim=(2, 3)), IMAGE, method=method)
    np.testing.assert_array_equal(first.values, second.values)
    np.testing.assert_array_equal(first.values, other.values)


def test_the_random_control_is_seeded_noise() -> None:
    zero, one = (seewhy.explain(logits, IMAGE, method="random", seed=seed).values for seed in (0, 1))
    again = seewhy.explain(logits, IMAGE, method="random", seed=0).values
    np.testing.assert_array_equal(zero, again)
    assert abs(np.corrcoef(zero.ravel(), one.ravel())[0, 1]) < 0.15
    assert zero.mean() == pytest.approx(0.5, abs=0.05)
    assert zero.std() == pytest.approx(12**-0.5, abs=0.03)


def test_the_centre_prior_is_a_gaussian_of_the_width_that_was_asked() -> None:
    found = seewhy.explain(logits, IMAGE, method="centre-prior", width=0.2).values
    y, x = np.mgrid[:24, :24] / 24 + 0.5 / 24 - 0.5
    np.testing.assert_allclose(found, np.exp(-(y**2 + x**2) / (2 * 0.2**2)), rtol=1e-5)
