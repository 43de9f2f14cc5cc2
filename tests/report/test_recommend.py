"""The recommendation through its public door, on scenes whose answer is known and on tiny networks."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

import seewhy
from seewhy.engine.control import Control
from seewhy.errors import BadOption, BudgetTooSmall, MissingInput, UnusableRecommendation
from seewhy.testing import scenes
from seewhy.testing.tiny_models import pictures, plain_function, tiny_cnn

PLAIN = seewhy.Preprocess.plain()
GAIN = {"symmetric-gain": {"steps": 6, "fills": 1}}
TINY = {"preprocess": PLAIN, "metrics": GAIN}
METHODS = {
    "occlusion": {"window": 24, "stride": 12},
    "saliency": {},
    "black": ("integrated-gradients", {"baseline": "black"}),
}
CONTROLS = {"random", "blurred-random", "centre-prior", "edges"}


@pytest.fixture(scope="module")
def scene(trained):
    return trained("cnn").network, scenes.dataset(16, split="test").images


@pytest.fixture(scope="module")
def found(scene):
    return seewhy.recommend(*scene, methods=METHODS, **TINY)


@pytest.fixture(scope="module")
def images():
    return pictures(12, 3, 24, 24)


def ask(images, methods, network=None, **more):
    return seewhy.recommend(network or tiny_cnn(), images, methods=methods, **{**TINY, **more})


def noise(network, images, targets):
    return torch.rand(len(images), *images.shape[2:], generator=torch.Generator().manual_seed(int(images.sum() * 1e4)))


def flat(network, images, targets):
    return torch.ones(len(images), *images.shape[2:])


# -- the answer


def test_on_scenes_the_right_methods_stay_and_black_and_the_controls_fall_behind(found):
    assert found.method in {"occlusion", "saliency"}
    assert set(found.left) <= {"occlusion", "saliency"}
    assert {name for one in found.rounds for name in one.dropped} >= {"black", *CONTROLS}


def test_it_says_the_same_as_judging_all_on_all_images_for_less_than_half_the_calls(scene):
    network, images = scene[0], scenes.dataset(32, split="test").images
    methods = {"saliency": {}, "black": ("integrated-gradients", {"baseline": "black", "steps": 16})}
    found = seewhy.recommend(network, images, methods=methods, **TINY)
    everything = seewhy.report_card(network, images, methods, **TINY)
    best = everything.ranking("gain").best
    assert max(best, key=lambda name: best[name]) == found.method == "saliency"
    assert found.ended == "decided"
    assert found.evidence.cost.calls < everything.cost.calls / 2
    values = found.evidence.row("gain").values
    seen = [everything.images.index(name) for name in found.evidence.images]
    expected = everything.row("gain").values[:, seen]
    np.testing.assert_allclose(values[~np.isnan(values)], expected[~np.isnan(values)], atol=1e-5)


def test_no_image_is_judged_twice_and_the_dropped_say_why_they_have_no_number(found):
    first = found.rounds[0].images
    values, whys = (getattr(found.evidence.row("gain"), part) for part in ("values", "whys"))
    at = found.evidence.methods.index("random")
    assert len(set(found.evidence.images)) == len(found.evidence.images)
    assert (~np.isnan(values[at])).sum() == first
    assert whys[at] == {"dropped after round 1": len(found.evidence.images) - first}


def test_the_cheapest_of_the_tied_is_recommended(scene):
    network, images = scene
    alike = {"dear": ("smooth-grad", {"samples": 4, "noise": 1e-5}), "cheap": ("saliency", {})}
    found = seewhy.recommend(network, images[:9], methods=alike, **TINY)
    assert found.method == "cheap"
    assert found.tied == ("dear",)
    assert "the cheapest of the 2 methods that cannot be told apart" in found.summary()
    assert "cheap and dear" in found.summary()


def test_a_tie_that_no_image_at_hand_can_break_ends_early(scene):
    network, images = scene
    found = seewhy.recommend(network, images, methods={"one": ("saliency", {}), "two": ("saliency", {})}, **TINY)
    assert found.ended == "tied"
    assert len(found.evidence.images) == found.rounds[0].images < 16
    assert "nothing tells them apart" in found.summary()


def test_where_nothing_beats_the_controls_none_is_recommended(images):
    found = ask(images, {"noise": noise})
    assert found.method is None
    assert "No method is recommended." in found.summary()
    assert "not surely better than" in found.summary()
    assert found.worthy == ()


def test_a_method_surely_behind_a_control_is_not_recommended(scene):
    network, images = scene
    found = seewhy.recommend(network, images[:10], methods={"black": METHODS["black"]}, **TINY)
    assert found.method is None
    assert found.ended == "decided"
    assert "Every method is surely behind" in found.summary()


def test_the_probability_of_being_best_is_known_and_never_more_than_one(found):
    assert 0.3 < sum(found.probability(name) for name in found.worthy) <= 1.0
    assert "It is the best of all on at least" in found.summary()


def test_too_few_images_say_nothing_but_say_so(images):
    found = ask(images[:3], ["saliency"])
    assert found.method is None
    assert math.isnan(found.probability("saliency"))
    assert found.rounds[0].dropped == {}


def test_a_method_without_any_map_is_dropped_at_once_and_a_function_can_win(images):
    found = ask(images, {"flat": flat, "saliency": {}})
    assert found.rounds[0].dropped["flat"] == ""
    assert "flat had no number" in found.summary()


def test_where_less_is_better_the_lower_one_wins(scene):
    network, images = scene
    two = {name: METHODS[name] for name in ("saliency", "black")}
    found = seewhy.recommend(network, images[:10], methods=two, line="deletion", **TINY)
    assert "black" not in found.left
    assert found.evidence.interval("saliency", "deletion").value < found.evidence.interval("black", "deletion").value


# -- who takes part, within which budget


def test_without_names_methods_of_several_families_take_part_that_the_model_can_have(images):
    found = seewhy.recommend(plain_function, images[:2], target=1, per_map=150, **TINY)
    assert found.evidence.named("method") == ["occlusion", "rise"]
    assert "gradients" in found.left_out["grad-cam"]
    assert found.left_out["kernel-shap"].endswith("150 are allowed.")
    assert all(found.calls(name) <= 150 for name in found.evidence.named("method"))


def test_auto_beside_a_name_adds_the_candidates(images):
    found = seewhy.recommend(
        plain_function, images[:2], methods={"auto": {}, "mine": noise}, target=1, per_map=60, **TINY
    )
    assert found.evidence.named("method")[0] == "mine"
    assert "occlusion" in found.evidence.named("method")


def test_the_budget_holds_and_leaves_the_dearest_candidates_out(images):
    budget = 1500
    found = seewhy.recommend(tiny_cnn(), images, budget=budget, **TINY)
    assert found.evidence.cost.calls <= budget
    assert any("pays no first round" in why for why in found.left_out.values())
    assert "saliency" in found.evidence.methods


def test_a_budget_that_ends_between_rounds_ends_the_run_with_what_there_is():
    found = ask(pictures(16, 3, 24, 24), {"noise": noise}, budget=560)
    assert found.ended == "budget"
    assert 560 - 62 < found.evidence.cost.calls <= 560
    assert 9 < len(found.evidence.images) < 16


def test_what_was_named_is_never_left_out_in_silence(images):
    with pytest.raises(BudgetTooSmall, match="first round") as raised:
        ask(images, ["saliency", "occlusion"], budget=100)
    enough = int(raised.value.fix.split("raise it to ")[1].split()[0])
    assert ask(images, ["saliency", "occlusion"], budget=enough).evidence.cost.calls <= enough


def test_seconds_are_a_budget_too_and_this_is_said(images):
    found = ask(images, ["saliency"], budget="300s")
    assert found.summary().count("300 s pay for") == 1


def test_the_cost_is_announced_before_and_progress_is_told(images):
    said, steps = [], []
    found = ask(images, ["saliency"], announce=said.append, progress=lambda done, of: steps.append((done, of)))
    assert said[0].startswith("5 methods and controls on up to 12 images: ")
    assert found.evidence.cost.calls <= found.evidence.expected.calls
    assert steps[-1][0] == found.evidence.cost.calls
    assert all(done <= of for done, of in steps)


def test_it_can_be_cancelled_and_keeps_what_it_has(images):
    control = Control()
    control.progress = lambda done, expected: control.cancel() if done > 400 else None
    found = ask(images, ["saliency"], control=control)
    assert found.ended == "cancelled"
    assert 0 < len(found.evidence.images) < 12
    assert "the run was cancelled" in found.summary()


def test_wrong_questions_are_refused_before_anything_runs(images):
    with pytest.raises(BadOption, match="Did you mean"):
        ask(images, ["saliency"], line="gian")
    with pytest.raises(BadOption, match="describes"):
        ask(images, ["saliency"], line="sparseness", metrics=None)
    with pytest.raises(BadOption, match="not of these metrics"):
        ask(images, ["saliency"], line="pointing")
    with pytest.raises(BadOption, match="yardstick"):
        ask(images, ["greedy-search"])
    with pytest.raises(MissingInput):
        ask([], ["saliency"])
    with pytest.raises(BadOption, match="Nobody has a number"):
        ask(images, {"flat": flat, "random": flat, "blurred-random": flat, "centre-prior": flat, "edges": flat})


# -- kept, and used


def test_saved_and_loaded_it_says_the_same(found, tmp_path):
    again = seewhy.Recommendation.load(found.save(tmp_path / "kept.json"))
    assert again.summary() == found.summary()
    assert again.to_json() == found.to_json()
    assert json.loads((tmp_path / "kept.json").read_text())["method"] == found.method


def test_explain_uses_it_and_says_so(scene, found, tmp_path):
    network, images = scene
    path = found.save(tmp_path / "kept.json")
    for method in (found, f"auto:{path}", [f"auto:{path}"]):
        made = seewhy.explain(network, images[0], method=method, preprocess=PLAIN)
        one = made if not isinstance(method, list) else made[0]
        assert one.origin.method == found.settings[found.method]["method"]
        assert {**one.origin.options, **found.settings[found.method]["options"]} == one.origin.options
        (check,) = [check for check in one.checks if check.name == "method"]
        assert f"{one.origin.method.capitalize()} was recommended: " in check.message
        assert "on 16 images" in check.message


def test_options_given_to_explain_go_before_the_recommended_ones(scene):
    network, images = scene
    soft = {"soft": ("smooth-grad", {"samples": 4, "noise": 1e-4})}
    made = seewhy.explain(
        network, images[0], method=seewhy.recommend(network, images[:9], methods=soft, **TINY), preprocess=PLAIN,
        noise=1e-3, seed=5,
    )  # fmt: skip
    assert (made.origin.options["samples"], made.origin.options["noise"], made.origin.seed) == (4, 1e-3, 5)


def test_another_model_or_other_weights_are_refused(scene, found, tmp_path):
    network, images = scene
    path = found.save(tmp_path / "kept.json")
    with pytest.raises(UnusableRecommendation, match="another model, or has other weights"):
        seewhy.explain(tiny_cnn(), images[0], method=f"auto:{path}", preprocess=PLAIN)
    with torch.no_grad():
        before = network.head.bias[0].item()
        network.head.bias[0] += 0.01
        try:
            with pytest.raises(UnusableRecommendation):
                seewhy.explain(network, images[0], method=found, preprocess=PLAIN)
        finally:
            network.head.bias[0] = before


def test_a_recommendation_of_nothing_is_refused_with_the_reason(images):
    found = ask(images, {"noise": noise})
    with pytest.raises(UnusableRecommendation, match="surely better than every control"):
        seewhy.explain(tiny_cnn(), images[0], method=found, preprocess=PLAIN)


def test_a_function_that_is_recommended_cannot_be_run_by_explain_which_says_so(scene):
    def gradient(network, images, targets):
        asked = images.requires_grad_()
        network(asked)[range(len(asked)), targets].sum().backward()
        return asked.grad.abs()

    network, images = scene
    found = seewhy.recommend(network, images[:10], methods={"mine": gradient}, **TINY)
    assert found.method == "mine"
    with pytest.raises(UnusableRecommendation, match="only its function"):
        seewhy.explain(network, images[0], method=found, preprocess=PLAIN)


@pytest.mark.parametrize("text", [None, "{", "[]", "{}", '{"schema": {"name": "seewhy-recommendation", "version": 1}}'])
def test_missing_and_damaged_files_are_refused(tmp_path, text):
    path = tmp_path / "kept.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UnusableRecommendation):
        seewhy.Recommendation.load(path)
    with pytest.raises(UnusableRecommendation):
        seewhy.explain(tiny_cnn(), pictures(1, 3, 24, 24)[0], method=f"auto:{path}", preprocess=PLAIN)


def test_clusters_count_as_what_they_are(images):
    twice = torch.cat([images[:4]] * 4)
    alone = ask(twice, ["saliency"])
    grouped = ask(twice, ["saliency"], clusters=[i % 4 for i in range(16)])
    assert grouped.rounds[0].dropped == {}
    assert len(grouped.left) == 5
    assert len(alone.left) <= 5
