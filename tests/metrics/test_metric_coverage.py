"""Do the error bars of metrics cover? Many seeds against fifty times the samples, and by hand (C19)."""

import functools
import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from trials import trial_of

from seewhy.domain.score import Score
from seewhy.domain.target import Target
from seewhy.engine.agreement import jackknifed, linear
from seewhy.metric_registry import find_metric
from seewhy.stats.interval import halfwidth
from seewhy.testing.metric_coverage import metric_coverage
from seewhy.testing.planted import watermark_images, watermark_network
from seewhy.testing.tiny_models import pictures, tiny_cnn

IMAGE = pictures(1, 3, 12, 12, seed=1)[0]


@functools.cache
def case():
    return trial_of(tiny_cnn(), IMAGE, "saliency", target=Target(1, "class 1"))


@pytest.mark.parametrize(
    ("name", "samples", "options"),
    [
        ("mu-fidelity", 64, {"cells": 6}),
        ("sensitivity-n", 40, {"cells": 4}),
        ("infidelity", 64, {}),
        ("infidelity", 64, {"perturbation": "noise"}),
        ("stability", 16, {}),
    ],
)
def test_the_interval_of_a_metric_holds_what_fifty_times_the_samples_give(name, samples, options):
    found = metric_coverage(name, case(), samples=samples, runs=60, options=options)
    assert found
    for line, held in found.items():
        assert held.share >= 0.88, (line, held)


def test_the_lowest_of_eight_correlations_states_no_error_that_it_cannot_keep():
    score = find_metric("sensitivity-n").function(case(), cells=4, samples=40)["sensitivity-n, lowest"]
    assert math.isnan(score.stderr)
    assert math.isfinite(score.value)


def test_the_share_of_lost_classes_keeps_its_promise_where_it_is_rare():
    """One image in twenty flips: of 16 draws none does nearly every second time, which is no proof of never."""
    network = Rare()
    with torch.no_grad():
        seen = network(
            0.5 + (torch.rand(4000, 3, 12, 12, generator=torch.Generator().manual_seed(9)) * 2 - 1) * 8 / 255
        )
    assert 0.02 < float((seen.argmax(dim=1) == 1).float().mean()) < 0.1
    grey = torch.full((3, 12, 12), 0.5)
    flat = trial_of(network, grey, lambda network, images, targets: images.mean(dim=1) + RAMP)
    found = metric_coverage("stability", flat, samples=16, runs=100)["flips, 8/255"]
    assert found.share >= 0.93


RAMP = torch.linspace(0, 1, 12).expand(12, 12)


class Rare(nn.Module):
    """Changes its mind where the mean of the image is unusually high."""

    def __init__(self):
        super().__init__()
        self.level = nn.Parameter(torch.tensor(0.5 + 1.65 * 8 / 255 / math.sqrt(3 * 432)))

    def forward(self, images):
        over = images.flatten(1).mean(dim=1) - self.level
        return torch.stack([-over, over], dim=1)


def test_what_rests_on_three_networks_is_as_unsure_as_three_draws_are():
    network, image = watermark_network(), watermark_images(1).images[0]
    score = find_metric("randomisation").function(trial_of(network, image, "saliency"), samples=3)["randomisation"]
    assert score.freedom == 2
    assert halfwidth(score) == pytest.approx(4.3027 * score.stderr, rel=1e-4)


def test_the_interval_of_a_mean_of_few_normal_draws_covers_as_often_as_it_says():
    draws = torch.randn(4000, 3, generator=torch.Generator().manual_seed(0))
    held = [abs(score.value) <= halfwidth(score) for score in map(Score.mean, draws.tolist())]
    assert 0.94 <= sum(held) / len(held) <= 0.96


def test_what_rests_on_few_units_has_as_few_degrees_of_freedom():
    """A unit in a hundred that is far off makes the whole spread: kurtosis 98, so 200 / 97 degrees."""
    rows = torch.zeros(2, 100)
    rows[0, 0] = 1.0
    score = jackknifed(lambda one, other: one.mean(dim=-1), rows[0], rows[1], 1)
    assert score.value == pytest.approx(0.01)
    assert score.freedom == pytest.approx(200 / 97.01, rel=1e-3)


def test_the_mean_of_scores_rests_on_the_draws_of_all_of_them():
    alike = [Score(value, 0.5, freedom=10) for value in (1.0, 2.0, 3.0, 4.0)]
    mean = Score.average(alike)
    assert (mean.value, mean.stderr, mean.freedom) == pytest.approx((2.5, 0.25, 40.0))
    assert Score.average([Score(1.0), Score(1.0)]).stderr == 0.0


def test_images_of_a_report_share_no_network_that_forgot(monkeypatch):
    from seewhy.metrics import randomisation as file

    drawn: list[int] = []
    original = file.forgetful
    monkeypatch.setattr(file, "forgetful", lambda trial, seed: drawn.append(seed) or original(trial, seed))
    for seed in (4, 5):
        find_metric("randomisation").function(replace(case(), seed=seed), samples=3)
    assert len(set(drawn)) == 6


def test_a_jackknife_counts_its_units_and_an_exact_number_has_no_error():
    rows = torch.randn(2, 24, generator=torch.Generator().manual_seed(0))
    assert jackknifed(linear, *rows, 2).freedom == 11
    assert halfwidth(Score(0.5)) == 0.0


def test_the_report_states_the_halfwidth_of_each_number():
    import seewhy

    card = seewhy.report_card(
        tiny_cnn(), IMAGE[None], "saliency", metrics={"stability": {"samples": 4}}, controls=False,
        preprocess=seewhy.Preprocess.plain(),
    )  # fmt: skip
    row = card.row("sensitivity, 2/255")
    assert row.halfwidths[0, 0] == pytest.approx(3.1824 * row.errors[0, 0], rel=1e-4)
    assert card.to_json()["rows"][0]["halfwidths"]["saliency"] == [row.halfwidths[0, 0]]
