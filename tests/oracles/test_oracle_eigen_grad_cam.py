"""Eigen-Grad-CAM against the full singular value decomposition of gradient x activation, and what its sign means."""

from __future__ import annotations

import numpy as np
import pytest
from test_oracle_layers import PICTURE, Convolutions, activations_and_gradients

import seewhy
from seewhy.testing import oracles


def maps(method: str, target: object, **options: object) -> np.ndarray:
    asked = {"layer": "second", "target": target, "sign": "both", **options}
    return seewhy.explain(Convolutions(), PICTURE, method=method, **asked).values


@pytest.mark.parametrize("target", [0, 3])
def test_it_is_the_first_component_of_gradient_times_activation(target: int) -> None:
    activations, gradients = activations_and_gradients(Convolutions(), target)
    expected = oracles.eigen_cam(activations * gradients)
    np.testing.assert_allclose(maps("eigen-grad-cam", target), expected, atol=1e-4 * np.abs(expected).max())
    kept = maps("eigen-grad-cam", target, sign="positive")
    np.testing.assert_allclose(kept, np.maximum(expected, 0), atol=1e-4 * np.abs(expected).max())


def test_its_sign_is_that_of_what_the_channels_add_up_to() -> None:
    for target in range(4):
        assert (maps("eigen-grad-cam", target) * maps("hires-cam", target)).sum() > 0


def test_what_speaks_for_a_score_speaks_against_its_negative() -> None:
    one, other = (maps("eigen-grad-cam", lambda outputs, s=s: s * outputs[:, 1]) for s in (1.0, -1.0))
    np.testing.assert_allclose(one, -other, atol=1e-5 * np.abs(one).max())
