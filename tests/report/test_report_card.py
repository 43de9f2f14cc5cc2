"""The report card through its public door."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest
import torch

import seewhy
from seewhy.errors import BadMap, BadOption, MissingInput, UnknownMetric, UnknownOption
from seewhy.testing.tiny_models import pictures, tiny_cnn

PLAIN = seewhy.Preprocess.plain()
ONLY = {"preprocess": PLAIN, "controls": False}
GAIN = {"symmetric-gain": {"steps": 10, "fills": 1}}


def noise(network, images, targets):
    return torch.rand(len(images), *images.shape[2:], generator=torch.Generator().manual_seed(int(images.sum() * 1e4)))


def gradient(network, images, targets):
    asked = images.requires_grad_()
    network(asked)[range(len(asked)), targets].sum().backward()
    return asked.grad


@pytest.fixture(scope="module")
def images():
    return pictures(8, 3, 24, 24)


@pytest.fixture(scope="module")
def card(images):
    return seewhy.report_card(tiny_cnn(), images, ["saliency", "grad-cam"], preprocess=PLAIN, level="quick")


def test_a_map_that_knows_nothing_gains_nothing(images):
    found = seewhy.report_card(tiny_cnn(), pictures(24, 3, 24, 24), {"noise": noise}, metrics=GAIN, **ONLY).interval(
        "noise", "gain"
    )
    assert found.holds(0.0)
    assert found.high - found.low < 0.1


def test_the_inverted_map_has_the_opposite_gain_exactly(images):
    both = {"right": gradient, "wrong": lambda *asked: -gradient(*asked)}
    values = seewhy.report_card(tiny_cnn(), images, both, metrics=GAIN, **ONLY).row("gain, colour").values
    np.testing.assert_allclose(values[0], -values[1], atol=1e-5)
    assert np.abs(values[0]).max() > 0.01


def test_the_symmetric_gain_takes_at_most_58_forwards_per_image_and_fill(images):
    for fills in (1, 3):
        metrics = {"symmetric-gain": {"fills": fills}}
        found = seewhy.report_card(tiny_cnn(), images[:2], {"noise": noise}, metrics=metrics, **ONLY)
        assert found.cost.forward == 2 * (1 + fills * 55) <= 2 * 58 * fills


def test_the_clean_prediction_and_the_empty_image_are_asked_once_for_all_methods(images):
    many = {f"noise {i}": noise for i in range(4)}
    found = seewhy.report_card(tiny_cnn(), images[:1], many, metrics=GAIN, **ONLY)
    assert found.cost.forward == 1 + 1 + 18  # equal maps ask equal questions


def test_a_metric_pays_nothing_for_what_the_method_has_asked_already(images):
    ablation = {"ablation": ("region-ablation", {"regions": seewhy.Grid(4), "baseline": seewhy.Mean()})}
    alone, judged, from_scratch = (
        seewhy.report_card(tiny_cnn(), images[:1], methods, metrics=metric, **ONLY).cost.forward
        for methods, metric in (
            (ablation, "sparseness"),
            (ablation, "patch-effect"),
            ({"noise": noise}, "patch-effect"),
        )
    )
    assert alone == judged == 1 + 16 + 1  # the image, each part absent, everything absent
    assert from_scratch == 1 + 16


def test_the_quick_report_takes_about_75_forwards_for_an_image_and_a_method(images):
    found = seewhy.report_card(tiny_cnn(), images[:1], "saliency", level="quick", **ONLY)
    assert 70 <= found.cost.forward <= 75
    assert found.cost.backward == 2  # the map, and that of the runner-up
    assert found.cost.calls == found.expected.calls


def test_methods_stand_beside_four_controls_with_intervals(card):
    assert card.methods == ("saliency", "grad-cam", "random", "blurred-random", "centre-prior", "edges")
    assert [one.role for one in card.contestants] == ["method"] * 2 + ["control"] * 4
    interval = card.interval("saliency", "gain")
    assert interval.low <= interval.value <= interval.high
    assert interval.count == 8


def test_the_words_say_what_may_be_concluded(card):
    words = card.summary()
    assert "saliency" in words
    assert "on 8 images" in words
    assert "controls" in words or "not better than" in words
    assert words.endswith("not that its decisions are right.")


def test_one_image_allows_no_conclusion(images):
    found = seewhy.report_card(tiny_cnn(), images[:1], "saliency", metrics=GAIN, **ONLY)
    assert "Nothing can be concluded from 1 image" in found.summary()
    assert not found.interval("saliency", "gain").known


def test_the_report_is_json_and_a_page_that_loads_nothing(card, tmp_path):
    card.save(tmp_path)
    data = json.loads((tmp_path / "report_card.json").read_text())
    assert data["conclusions"] == card.summary().split("\n")
    assert len(data["rows"][0]["values"]["saliency"]) == 8
    page = (tmp_path / "report_card.html").read_text()
    assert not re.search(r"<script|src=|href=\"http", page)
    for sentence in data["conclusions"][:2]:
        assert sentence.split(":")[0] in page


def test_a_function_that_fails_is_reported_and_the_rest_goes_on(images):
    def broken(network, images, targets):
        raise ValueError("no such layer")

    found = seewhy.report_card(tiny_cnn(), images, {"broken": broken, "noise": noise}, metrics=GAIN, **ONLY)
    assert found.contestants[0].problems == {"ValueError: no such layer": 8}
    assert math.isnan(found.interval("broken", "gain").value)
    assert found.interval("noise", "gain").known
    assert "broken made no map of 8 images: ValueError: no such layer." in found.summary()


@pytest.mark.parametrize("value", [0.5, math.nan])
def test_a_flat_or_broken_map_gets_no_score_but_a_reason(images, value):
    flat = {"flat": lambda network, images, targets: torch.full((len(images), 24, 24), value)}
    found = seewhy.report_card(tiny_cnn(), images, flat, metrics=GAIN, **ONLY)
    assert np.isnan(found.row("gain").values).all()
    assert "cannot be computed on 8 images" in found.summary()


def test_maps_and_explanations_that_are_there_are_judged_like_the_method(images):
    network = tiny_cnn()
    explained = seewhy.explain(network, images, method="saliency", preprocess=PLAIN)
    maps = np.stack([one.values for one in explained])
    asked = {"asked": ("saliency", {}), "explained": list(explained), "maps": maps}
    values = seewhy.report_card(network, images, asked, metrics=GAIN, **ONLY).row("gain").values
    np.testing.assert_allclose(values[1], values[0], atol=1e-6)
    np.testing.assert_allclose(values[2], values[0], atol=1e-6)


def test_maps_of_the_wrong_size_are_refused_with_what_to_do(images):
    wrong = {"wrong": lambda network, images, targets: torch.rand(len(images), 7)}
    found = seewhy.report_card(tiny_cnn(), images[:2], wrong, metrics=GAIN, **ONLY)
    (problem,) = found.contestants[0].problems
    assert "maps of shape (1, 7)" in problem


@pytest.mark.parametrize("shape", [(2, 24, 24), (9, 24, 24), (24, 24), (1, 8, 24, 24)])
def test_maps_for_another_number_of_images_are_refused_before_anything_runs(images, shape):
    with pytest.raises(BadMap, match="for 8 images"):
        seewhy.report_card(tiny_cnn(), images, {"given": np.random.default_rng(0).random(shape)}, **ONLY)


@pytest.mark.parametrize(("shape", "fits"), [((7, 7), True), ((12, 12), True), ((48, 48), False), ((24, 12), False)])
def test_maps_are_pixels_of_the_input_or_coarser_cells_and_never_another_cut_of_the_photo(images, shape, fits):
    maps = np.random.default_rng(0).random((2, *shape))
    found = seewhy.report_card(tiny_cnn(), images[:2], {"given": maps}, metrics=GAIN, **ONLY)
    assert np.isfinite(found.row("gain").values).all() == fits
    assert any("24 x 24 to the model" in problem for problem in found.contestants[0].problems) != fits


def test_an_image_that_cannot_be_read_fails_alone(tmp_path, images):
    (tmp_path / "broken.png").write_bytes(b"no image")
    paths = [*(np.uint8(image.permute(1, 2, 0).numpy() * 255) for image in images[:2]), str(tmp_path / "broken.png")]
    found = seewhy.report_card(tiny_cnn(), paths, "saliency", metrics=GAIN, **ONLY)
    assert list(found.failures) == ["broken.png"]
    assert len(found.images) == 2


def test_half_the_precision_gives_nearly_the_same_report(images):
    scores = {
        precision: seewhy.report_card(tiny_cnn(), images, "saliency", metrics=GAIN, precision=precision, **ONLY)
        for precision in ("float32", "bfloat16")
    }
    full, half = (found.row("gain").values for found in scores.values())
    np.testing.assert_allclose(half, full, atol=0.02)
    assert not np.array_equal(half, full)
    assert scores["bfloat16"].to_json()["settings"]["precision"] == "bfloat16"
    with pytest.raises(BadOption, match="float16"):
        seewhy.report_card(tiny_cnn(), images, "saliency", precision="float16", **ONLY)


def test_clusters_widen_what_is_not_independent(images):
    twice = torch.cat([pictures(8, 3, 24, 24)] * 4)
    names = [i % 8 for i in range(32)]
    alone = seewhy.report_card(tiny_cnn(), twice, "saliency", metrics=GAIN, **ONLY)
    grouped = seewhy.report_card(tiny_cnn(), twice, "saliency", metrics=GAIN, clusters=names, **ONLY)
    wide, narrow = (one.interval("saliency", "gain") for one in (grouped, alone))
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_wrong_questions_are_refused_before_anything_runs(images):
    ask = lambda **more: seewhy.report_card(tiny_cnn(), images, "saliency", preprocess=PLAIN, **more)  # noqa: E731
    with pytest.raises(UnknownMetric, match="Did you mean"):
        ask(metrics="symetric-gain")
    with pytest.raises(UnknownOption):
        ask(metrics={"symmetric-gain": {"stepz": 3}})
    with pytest.raises(BadOption):
        ask(level="huge")
    with pytest.raises(BadOption):
        ask(masks=[None])
    with pytest.raises(BadOption, match="no method to judge"):
        seewhy.report_card(tiny_cnn(), images, [], preprocess=PLAIN)
    with pytest.raises(MissingInput):
        seewhy.report_card(tiny_cnn(), [], "saliency", preprocess=PLAIN)


def test_it_can_be_cancelled_and_keeps_what_it_has(images):
    from seewhy.engine.control import Control

    control = Control()
    control.progress = lambda done, expected: control.cancel() if done > 60 else None
    found = seewhy.report_card(tiny_cnn(), images, {"noise": noise}, metrics=GAIN, control=control, **ONLY)
    assert found.cancelled
    assert 0 < len(found.images) < 8


def test_cancelling_inside_a_method_stops_the_run_and_is_no_trouble_of_the_method(images):
    from seewhy.engine.control import Control
    from seewhy.errors import Cancelled

    control, asked = Control(), []

    def stopped(network, images, targets):
        asked.append(len(images))
        if len(asked) == 3:
            raise Cancelled("stopped", fix="go on")
        return noise(network, images, targets)

    found = seewhy.report_card(tiny_cnn(), images, {"stopped": stopped}, metrics=GAIN, control=control, **ONLY)
    assert found.cancelled
    assert len(found.images) == 2
    assert found.contestants[0].problems == {}


def test_a_function_that_draws_from_anybodys_random_numbers_gives_the_same_again_and_leaves_them_alone(images):
    import random

    def drawn(network, images, targets):
        return np.random.rand(len(images), 24, 24) + random.random() + torch.rand(1).numpy()

    before = random.getstate(), np.random.get_state()[1].tolist()
    ask = lambda: seewhy.report_card(tiny_cnn(), images[:2], {"drawn": drawn}, metrics=GAIN, **ONLY)  # noqa: E731
    one, other = (ask().row("gain").values for _ in range(2))
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before
    np.testing.assert_array_equal(one, other)


def test_the_cost_is_announced_before_it_starts(images):
    said = []
    found = seewhy.report_card(tiny_cnn(), images[:2], "saliency", metrics=GAIN, announce=said.append, **ONLY)
    assert said[0].startswith("At most 40 forwards + 2 backwards; at ")
    assert found.cost.calls <= found.expected.calls


def test_a_search_stands_apart_and_methods_are_measured_against_it(images):
    metrics = {**GAIN, "stability": {"samples": 2}}
    found = seewhy.report_card(tiny_cnn(), images, "saliency", metrics=metrics, bound=True, preprocess=PLAIN)
    assert found.named("bound") == ["greedy-search"]
    assert "greedy-search" not in found.ranking().means
    assert "greedy-search" not in found.against_controls("saliency")
    part = found.reached("saliency")["greedy-search"]
    means = [found.interval(name, "gain").value for name in ("saliency", "greedy-search")]
    assert part.value == pytest.approx(means[0] / means[1])
    assert np.isnan(found.row("sensitivity, 2/255").values[-1]).all()
    assert "greedy-search" in found.summary()
    assert found.to_json()["reached"]["saliency"]["greedy-search"]["value"] == pytest.approx(part.value)
    assert 'class="bound"' in found.html()


def test_the_full_level_has_the_search_and_others_only_on_request(images):
    few = {"metrics": "sparseness", "preprocess": PLAIN}
    assert seewhy.report_card(tiny_cnn(), images[:1], "saliency", level="full", **few).named("bound")
    assert not seewhy.report_card(tiny_cnn(), images[:1], "saliency", **few).named("bound")
    assert not seewhy.report_card(tiny_cnn(), images[:1], "saliency", level="full", bound=False, **few).named("bound")


def test_masks_are_read_at_every_level(images):
    masks = np.zeros((2, 24, 24), dtype=bool)
    masks[:, :12] = True
    found = seewhy.report_card(tiny_cnn(), images[:2], "saliency", masks=list(masks), level="quick", **ONLY)
    assert np.isfinite(found.row("relevance mass").values).all()


def test_two_methods_of_one_name_are_refused(images):
    with pytest.raises(BadOption, match="called 'noise'"):
        seewhy.report_card(tiny_cnn(), images, [noise, noise], metrics=GAIN, **ONLY)


def test_a_card_without_any_number_or_any_method_still_says_so(images):
    flat = {"flat": lambda network, images, targets: torch.zeros(len(images), 24, 24)}
    for methods in ({**flat, "same": flat["flat"]}, "random"):
        found = seewhy.report_card(tiny_cnn(), images, methods, metrics=GAIN, **ONLY)
        assert found.to_json()["contests"] == []
        assert "not that its decisions are right" in found.html()


def test_the_gain_of_the_only_fill_is_not_shown_twice(images):
    one = seewhy.report_card(tiny_cnn(), images[:2], "saliency", metrics=GAIN, **ONLY)
    assert [row.line.name for row in one.shown][:2] == ["gain", "insertion"]


def test_every_key_of_the_json_is_documented(card):
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "guide" / "json.md").read_text(encoding="utf-8")
    told = page.split("## report_card.json")[1]
    for key in card.to_json():
        assert f"| `{key}` |" in told, key
    for key in card.to_json()["rows"][0]:
        assert f"`rows[].{key}`" in told, key
