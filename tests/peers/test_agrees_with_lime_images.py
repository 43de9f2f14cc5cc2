"""The whole of lime's LimeImageExplainer on one picture: where it agrees, and which pixels it never hides."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from lime.lime_image import LimeImageExplainer
from peer_networks import IMAGES, TARGET, cells, network
from torch import Tensor

import seewhy

SIDE = 3
SEGMENTS = cells(SIDE)[0, 0].numpy()


def theirs(model: Callable[[Tensor], Tensor], image: Tensor, segments: np.ndarray, **options: object) -> np.ndarray:
    """The weight of each of lime's features, in their order."""

    def answers(pictures: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return model(torch.from_numpy(pictures).float().permute(0, 3, 1, 2)).double().numpy()

    explainer = LimeImageExplainer(random_state=0, feature_selection="none")
    pixels = image.permute(1, 2, 0).double().numpy()
    told = {"labels": (TARGET,), "top_labels": None, "num_samples": 2000, "batch_size": 200, **options}
    found = explainer.explain_instance(pixels, answers, segmentation_fn=lambda _: segments, **told)
    return np.array([weight for _, weight in sorted(found.local_exp[TARGET])])


def ours(model: object, image: Tensor, segments: np.ndarray, **options: object) -> seewhy.Explanation:
    asked = {"target": TARGET, "scale": "logit", "samples": 2000, "tolerance": 0.0, **options}
    return seewhy.explain(model, image, method="lime", regions=seewhy.Given(segments), **asked)


def means(images: Tensor) -> Tensor:
    """Each of the nine cells counts as bright as it is; the second and third answer are the same."""
    masks = torch.stack([cells(SIDE)[0, 0] == i for i in range(SIDE**2)]).float()
    level = torch.einsum("nyx,iyx->ni", images.mean(dim=1), masks) / masks.sum(dim=(1, 2))
    score = level @ torch.arange(1.0, SIDE**2 + 1)
    return torch.stack([-score, score, score], dim=1)


def test_lime_is_lime_s_on_a_whole_picture_within_the_band() -> None:
    black = {"baseline": seewhy.Colour(0.0)}
    found = ours(network(), IMAGES[0], SEGMENTS, **black).parts
    expected = theirs(network(), IMAGES[0], SEGMENTS, hide_color=0)
    assert (np.abs(found.values - expected) <= found.band + 0.03 * np.abs(expected).max()).all()
    assert np.corrcoef(found.values, expected)[0, 1] > 0.99


def test_lime_never_hides_the_last_segment_when_they_are_numbered_from_one_and_ours_does() -> None:
    # as skimage's slic numbers them
    grey = torch.full((3, 32, 32), 0.5)
    true = np.arange(1, SIDE**2 + 1) / 2
    right, shifted = (theirs(means, grey, SEGMENTS + first, hide_color=0) for first in (0, 1))
    np.testing.assert_allclose(right, true, atol=0.05)
    assert abs(shifted[0]) < 0.05  # a feature without a pixel
    np.testing.assert_allclose(shifted[1:], true[:-1], atol=0.05)  # and none for the segment that counts most
    found = ours(means, grey, SEGMENTS + 1, baseline=seewhy.Colour(0.0)).parts.values
    np.testing.assert_allclose(found, true, atol=0.05)


def test_lime_hides_a_flat_segment_behind_its_own_colour_and_ours_behind_that_of_the_picture() -> None:
    flat = torch.zeros(3, 32, 32)
    flat[:, cells(SIDE)[0, 0] == 4] = 1.0
    assert np.abs(theirs(means, flat, SEGMENTS)).max() < 1e-9  # hiding changes no pixel
    found = ours(means, flat, SEGMENTS, baseline=seewhy.Mean()).parts.values
    share = float((SEGMENTS == 4).mean())
    assert found.argmax() == 4
    np.testing.assert_allclose(found[4], 5 * (1 - share), atol=0.05)
