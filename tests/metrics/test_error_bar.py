"""The error bar of a map: its widest band, and how often the top places are there again."""

import math
from dataclasses import replace

import pytest
import torch
from trials import judge, trial_of

from seewhy.domain.evidence import Evidence
from seewhy.domain.score import Unjudged
from seewhy.testing.tiny_models import pictures, tiny_cnn

IMAGE = pictures(1, 3, 24, 24)[0]


def with_bars(values, stderr, band=0.1):
    values = torch.as_tensor(values, dtype=torch.float32).reshape(1, 1, -1)
    bars = torch.as_tensor(stderr, dtype=torch.float32).reshape(1, 1, -1).expand(values.shape)
    evidence = Evidence(values, bars, torch.full_like(values, band))
    return replace(trial_of(tiny_cnn(), IMAGE, IMAGE[0]), evidence=evidence)


def test_the_bar_is_the_widest_half_width_as_a_share_of_the_range():
    found = judge("error-bar", with_bars([0.0, 1.0, 4.0], [0.0, 0.0, 0.0], band=0.5))
    assert found["error bar"].value == pytest.approx(0.125)


def test_a_map_without_errors_keeps_its_top():
    found = judge("error-bar", with_bars(range(40), [0.0]))
    assert (found["top places kept"].value, found["top places kept"].stderr) == (1.0, 0.0)


def test_the_chance_that_the_better_of_two_stays_ahead_is_that_of_a_normal_difference():
    found = judge("error-bar", with_bars([0.0, 1.0], [1.0, 1.0]))["top places kept"]
    expected = 0.5 * (1 + math.erf(1 / math.sqrt(2) / math.sqrt(2)))  # P(1 + sqrt(2) z > 0) = Phi(1 / sqrt(2))
    assert abs(found.value - expected) < 4 * found.stderr
    assert found.stderr == pytest.approx(math.sqrt(expected * (1 - expected) / 200), rel=0.2)


def test_noise_keeps_the_top_no_more_often_than_chance():
    found = judge("error-bar", with_bars(torch.linspace(0, 1e-6, 100), [1.0]))["top places kept"]
    assert abs(found.value - 0.05) < 4 * found.stderr


def test_parts_are_counted_as_parts_not_as_pixels():
    trial = trial_of(tiny_cnn(), IMAGE, "kernel-shap", options={"samples": 64, "tolerance": 0.0, "regions": "grid:3"})
    found = judge("error-bar", trial)
    values, band = trial.evidence.parts[0].values, trial.evidence.parts[0].band
    assert found["error bar"].value == pytest.approx(float(band.max() / (values.max() - values.min())))
    assert 0 < found["top places kept"].value <= 1


@pytest.mark.parametrize("exact", ["saliency", "occlusion"])
def test_methods_that_draw_nothing_are_exact(exact):
    with pytest.raises(Unjudged, match="exact up to rounding"):
        judge("error-bar", trial_of(tiny_cnn(), IMAGE, exact))


def test_a_map_without_a_range_is_not_judged():
    with pytest.raises(Unjudged, match="same everywhere"):
        judge("error-bar", with_bars([2.0, 2.0], [0.1, 0.1]))
