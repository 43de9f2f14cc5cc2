"""Agreement with shap's PartitionExplainer on the same tree, and where it differs."""

from __future__ import annotations

import numpy as np
import shap
import torch

import seewhy

IMAGE = torch.tensor([[[0.9, 0.2, 0.7, 0.5], [0.4, 0.6, 0.3, 0.8]]])
# our tree of a 2 x 4 grid as a linkage: children, height, leaves
LINKAGE = np.array(
    [[0, 1, 1, 2], [4, 5, 1, 2], [2, 3, 1, 2], [6, 7, 1, 2], [8, 9, 2, 4], [10, 11, 2, 4], [12, 13, 3, 8]], dtype=float
)


def score(pixels: np.ndarray) -> np.ndarray:
    p = np.asarray(pixels).reshape(-1, 8)
    return np.tanh(2 * p[:, 0] * p[:, 5] + p[:, 1] - p[:, 6] * p[:, 7]) + np.maximum(p[:, 2], p[:, 4])


def ours(images: torch.Tensor) -> torch.Tensor:
    found = torch.from_numpy(score(images.double().numpy())).float()
    return torch.stack([found, -found], dim=1)


def theirs(max_evals: int) -> np.ndarray:
    masker = shap.maskers.Partition(np.zeros((1, 8)), clustering=LINKAGE)
    explainer = shap.PartitionExplainer(score, masker)
    pixels = IMAGE.reshape(1, 8).double().numpy()
    return np.asarray(explainer(pixels, max_evals=max_evals, silent=True).values).ravel()


def test_owen_values_are_shap_s_where_the_tree_is_refined_to_its_end() -> None:
    options = {"regions": seewhy.Grid(4), "baseline": seewhy.Colour(0.0), "target": 0, "scale": "logit"}
    found = seewhy.explain(ours, IMAGE, method="partition-shapley", **options)
    assert found.sampling.stop == "exact"
    np.testing.assert_allclose(found.values.ravel(), theirs(5000), atol=1e-5)
