"""The verb `explain` through its public door: shapes of results, questions, failures, budgets, sharing."""

import warnings

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import seewhy
from seewhy import errors
from seewhy.models.adapt import adapt
from seewhy.testing.tiny_models import CLASSES, TinyCNN, pictures, seeded

LABELS = ["tabby, tabby cat", "tiger cat", "dog", "<b>bold</b>"]
SMALL = {"window": 8, "stride": 8}


@pytest.fixture(scope="module")
def network():
    return seeded(TinyCNN).eval()


@pytest.fixture(scope="module")
def images():
    return pictures(3, 3, 24, 24)


@pytest.fixture
def photo(tmp_path):
    def write(name="photo.png", size=(40, 30)):
        rng = np.random.default_rng(0)
        Image.fromarray(rng.integers(0, 255, (*size, 3), dtype=np.uint8)).save(tmp_path / name)
        return tmp_path / name

    return write


READY = seewhy.Preprocess.of(size=24, crop_pct=None)


def test_one_input_and_one_method_give_one_explanation(network, images):
    e = seewhy.explain(network, images[0], method="saliency")
    assert isinstance(e, seewhy.Explanation)
    assert e.values.shape == (24, 24)
    assert e.heatmap().shape == (24, 24)


def test_lists_give_lists_input_first_then_method(network, images):
    es = seewhy.explain(network, images, method=["saliency", "grad-cam"])
    assert [[e.origin.method for e in row] for row in es] == [["saliency", "grad-cam"]] * 3
    assert es[1]["grad-cam"] is es[1][1]


def test_several_targets_of_one_image_are_the_innermost_level(network, images):
    es = seewhy.explain(network, images[0], method=["saliency"], target=[0, 2])
    assert [e.target.index for e in es[0]] == [0, 2]


def test_without_a_target_the_predicted_class_is_explained(network, images):
    e = seewhy.explain(network, images[0], method="saliency")
    with torch.no_grad():
        assert e.target.index == e.prediction.index == int(network(images[:1]).argmax())


def test_one_target_per_image_reaches_its_image(network, images):
    together = seewhy.explain(network, images, method="grad-cam", target=[2, 0, 1], sign="both")
    alone = [
        seewhy.explain(network, image, method="grad-cam", target=t, sign="both")
        for image, t in zip(images, (2, 0, 1), strict=True)
    ]
    for a, b in zip(together, alone, strict=True):
        assert a.target.index == b.target.index
        np.testing.assert_allclose(a.values, b.values, atol=1e-6)


def test_too_few_targets_are_refused_and_never_padded(network, images):
    with pytest.raises(errors.BadTarget, match="2 targets were given for 3 inputs"):
        seewhy.explain(network, images, method="saliency", target=[0, 1])


@pytest.mark.parametrize(
    ("target", "error", "words"),
    [
        (4, errors.UnknownClass, "0 to 3"),
        (-1, errors.UnknownClass, "0 to 3"),
        ("tigr cat", errors.UnknownClass, "Did you mean 'tiger cat'"),
        (lambda outputs: outputs, errors.BadTarget, "one number per row"),
        (3.5, errors.BadTarget, "not a target"),
        (seewhy.Contrast("dog", "wolf"), errors.UnknownClass, "'wolf'"),
        (seewhy.Contrast("tabby", "tabby cat"), errors.BadTarget, "with itself"),
    ],
)
def test_targets_that_mean_nothing_are_refused(network, images, target, error, words):
    with pytest.raises(error, match=words):
        seewhy.explain(network, images[0], method="saliency", labels=LABELS, target=target)


def test_classes_go_by_name_synonym_or_index(network, images):
    asked = ["tabby", "tabby cat", "tabby, tabby cat", "TABBY", 0, "0", np.int64(0)]
    es = seewhy.explain(network, images[0], method="saliency", labels=LABELS, target=asked)
    assert [e.target.index for e in es] == [0] * len(asked)


def test_a_contrast_is_the_difference_of_two_maps(network, images):
    options = {"method": "input-x-gradient", "labels": LABELS}
    this, that, contrast = seewhy.explain(
        network, images[0], target=["dog", "tiger cat", seewhy.Contrast("dog", "tiger cat")], **options
    )
    np.testing.assert_allclose(contrast.values, this.values - that.values, atol=1e-5)
    assert contrast.target.against_label == "tiger cat"


def test_any_function_of_the_outputs_can_be_asked_about(network, images):
    e = seewhy.explain(network, images[0], method="occlusion", target=lambda outputs: outputs.sum(dim=1), **SMALL)
    with torch.no_grad():
        assert e.target.score == pytest.approx(float(network(images[:1]).sum()), rel=1e-5)
    assert [c.verdict for c in e.checks if c.name == "class-discrimination"] == ["not run"]


def test_scales_of_the_score_are_what_they_are_called(network, images):
    scores = {
        s: seewhy.explain(network, images[0], method="random", target=1, scale=s).target.score
        for s in ("logit", "probability", "log-odds")
    }
    with torch.no_grad():
        outputs = network(images[:1])[0]
    p = float(outputs.softmax(0)[1])
    assert scores["logit"] == pytest.approx(float(outputs[1]), rel=1e-5)
    assert scores["probability"] == pytest.approx(p, rel=1e-5)
    assert scores["log-odds"] == pytest.approx(float(np.log(p / (1 - p))), rel=1e-4)


def test_a_model_that_answers_probabilities_is_asked_for_probabilities(network, images):
    e = seewhy.explain(nn.Sequential(network, nn.Softmax(dim=1)), images[0], method="occlusion", **SMALL)
    assert e.target.scale == "probability"
    assert e.prediction.kind == "probabilities"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"method": "gradcam"}, errors.UnknownMethod, "Did you mean 'grad-cam'"),
        ({"method": "grad-cam", "layr": "first"}, errors.UnknownOption, "Did you mean 'layer'"),
        ({"method": "grad-cam", "layer": "secnd"}, errors.UnknownLayer, "second"),
        ({"method": "grad-cam", "sign": "negative"}, errors.BadOption, "positive"),
        ({"method": "occlusion", "window": "wide"}, errors.BadOption, "int"),
        ({"method": "occlusion", "window": 0}, errors.BadOption, "1 or more"),
        ({"method": "rise", "keep": 1.5}, errors.BadOption, "between 0 and 1"),
        ({"method": "kernel-shap", "samples": 4, "regions": seewhy.Grid(4)}, errors.BadOption, "too few"),
        ({"method": "exact-shapley", "regions": seewhy.Grid(5)}, errors.BadOption, "at most 16"),
        ({"method": "saliency", "scale": "percent"}, errors.BadOption, "probability"),
        ({"method": "saliency", "precision": "int8"}, errors.BadOption, "bfloat16"),
        ({"method": "saliency", "checks": "none"}, errors.BadOption, "quick"),
        ({"method": "saliency", "budget": 0}, errors.BadOption, "pays for nothing"),
        ({"method": "occlusion", "budget": 5, **SMALL}, errors.BudgetTooSmall, "needs 11 model calls"),
        ({"method": "raw-attention"}, errors.MissingCapability, "attention"),
        ({"method": "lime", "regions": "superpixel"}, errors.BadOption, "Did you mean 'superpixels'"),
        ({"method": "lime", "baseline": "grid:3"}, errors.BadOption, "Baseline"),
    ],
)
def test_questions_that_cannot_be_answered_are_refused_in_two_lines(network, images, arguments, error, words):
    with pytest.raises(error, match=words) as raised:
        seewhy.explain(network, images[0], **arguments)
    assert len(str(raised.value).split("\n")) == 2


def test_an_option_reaches_the_methods_that_have_it(network, images):
    es = seewhy.explain(network, images[0], method=["saliency", "occlusion"], **SMALL)
    assert es["occlusion"].origin.options["window"] == 8
    assert es["saliency"].origin.options == {}


def test_each_method_can_have_its_own_options(network, images):
    es = seewhy.explain(network, images[0], method={"occlusion": SMALL, "exact-shapley": {"regions": "grid:2"}})
    assert es["exact-shapley"].values.shape == (2, 2)
    assert es["occlusion"].origin.options["stride"] == 8


def test_a_layer_can_be_given_as_a_module(network, images):
    e = seewhy.explain(network, images[0], method="grad-cam", layer=network.first)
    assert e.layer.name == "first"


def test_methods_that_look_share_one_forward_and_one_backward(network, images):
    es = seewhy.explain(
        network, images, method=["saliency", "input-x-gradient", "grad-cam", "layer-cam"], checks="quick"
    )
    assert (es.cost.forward, es.cost.backward) == (3, 3)


def test_methods_that_play_the_same_game_share_their_answers(network, images):
    es = seewhy.explain(
        network, images[0], method=["exact-shapley", "permutation-shapley"], regions="grid:2", samples=8, tolerance=0.0
    )
    assert es["exact-shapley"].cost.calls == 16
    assert es["permutation-shapley"].cost.calls == 1  # the clean prediction; all coalitions were known


def test_the_cost_is_known_before(network, images):
    bill = seewhy.cost(network, images, method=["occlusion", "saliency"], **SMALL)
    es = seewhy.explain(network, images, method=["occlusion", "saliency"], checks="quick", **SMALL)
    assert bill.methods == {e.origin.method: e.cost for e in es[0]}
    assert bill.total.forward == 3 * (11 + 1)


def test_one_bad_file_does_not_stop_the_rest(network, photo, tmp_path):
    good, bad = photo("a.png"), tmp_path / "b.png"
    bad.write_bytes(b"not an image")
    with pytest.warns(errors.SeewhyWarning, match="1 of 3 inputs failed"):
        es = seewhy.explain(network, [good, bad, photo("c.png")], method="grad-cam", preprocess=READY)
    assert [isinstance(e, seewhy.Explanation) for e in es] == [True, False, True]
    assert es.failures[0].name == "b.png"
    with pytest.raises(errors.UnreadableImage):
        _ = es[1].values


def test_an_input_that_the_model_cannot_digest_fails_alone(images):
    def fragile(batch):
        scores = batch.flatten(1)[:, :2].clone()
        scores[batch.mean(dim=(1, 2, 3)) > 0.9] = float("nan")
        return scores

    bright = torch.full((3, 24, 24), 0.99)
    with pytest.warns(errors.SeewhyWarning, match="1 of 2 inputs failed"):
        es = seewhy.explain(
            fragile, [images[0], bright], method="occlusion", preprocess=seewhy.Preprocess.plain(), **SMALL
        )
    assert isinstance(es[0], seewhy.Explanation)
    assert isinstance(es.failures[0].error, errors.BadModelOutput)


def test_a_mistake_in_the_question_is_one_error_however_many_inputs(network, images):
    with pytest.raises(errors.BadOption, match="too few"):
        seewhy.explain(network, images, method="kernel-shap", samples=4, regions="grid:4")


def test_a_negative_tolerance_is_refused(network, images):
    with pytest.raises(errors.BadOption, match="tolerance"):
        seewhy.explain(network, images[0], method="rise", tolerance=-0.1, samples=40)


def test_a_network_without_layers_is_not_offered_methods_that_read_them(images):
    class Flat(nn.Module):
        def forward(self, x):
            return torch.stack([x.mean((1, 2, 3)), x.amax((1, 2, 3))], 1)

    with pytest.raises(errors.MissingCapability, match="layers"):
        seewhy.explain(Flat(), images[0], method="grad-cam")


def test_a_single_bad_input_raises_its_error(network, tmp_path):
    with pytest.raises(errors.MissingInput):
        seewhy.explain(network, tmp_path / "nothing.png", preprocess=READY)


@pytest.mark.parametrize(
    ("method", "stays"),
    [("saliency", True), ("guided-backprop", True), ("deep-lift", True), ("full-grad", True), ("grad-cam", False)],
)
def test_gradients_at_single_pixels_stay_float32_in_bfloat16_and_say_so(network, images, method, stays):
    full, half = (seewhy.explain(network, images[0], method=method, precision=p) for p in ("float32", "bfloat16"))
    assert np.array_equal(half.values, full.values) is stays
    assert half.origin.precision == ("float32" if stays else "bfloat16")
    assert any(check.name == "precision" for check in half.checks) is stays


def test_a_folder_is_a_list_of_its_images(network, photo, tmp_path):
    photo("b.png"), photo("a.png")
    es = seewhy.explain(network, tmp_path, method="grad-cam", preprocess=READY)
    assert [e.picture.name for e in es] == ["a.png", "b.png"]


def test_no_inputs_give_no_explanations_and_cannot_be_counted(network):
    assert seewhy.explain(network, [], method="grad-cam") == []
    with pytest.raises(errors.MissingInput):
        seewhy.cost(network, [], method="grad-cam")


def test_a_photo_needs_known_preprocessing(network, photo):
    with pytest.raises(errors.UnknownPreprocessing, match="not known") as raised:
        seewhy.explain(network, photo(), method="grad-cam")
    assert "Preprocess.of" in raised.value.fix


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda x: x, errors.BadModelOutput),
        (lambda x: x.flatten(1).repeat(2, 1), errors.BadModelOutput),
        (lambda x: "cat", errors.BadModelOutput),
        (lambda x: x.flatten(1)[:, :3] * float("nan"), errors.BadModelOutput),
        (lambda x: 1 / 0, errors.ModelFailed),
    ],
)
def test_a_model_that_misbehaves_is_told_in_two_lines(images, answer, error):
    with pytest.raises(error) as raised:
        seewhy.explain(answer, images[0], method="occlusion", preprocess=seewhy.Preprocess.plain(), **SMALL)
    assert len(str(raised.value).split("\n")) == 2


def test_hostile_names_stay_text(network, images, tmp_path):
    e = seewhy.explain(network, images[0], method="saliency", labels=LABELS, target=3)
    assert "<b>bold" not in e._repr_html_()
    assert seewhy.Explanation.load(e.save(tmp_path / "e")).target.label == "<b>bold</b>"


def test_regions_drawn_on_the_original_photo_are_found_in_what_the_model_sees(network, photo):
    labels = np.zeros((40, 30), int)
    labels[:, 15:] = 1
    e = seewhy.explain(network, photo(), method="exact-shapley", regions=seewhy.Given(labels), preprocess=READY)
    assert e.parts.values.shape == (2,)
    assert (e.parts.labels[:, :12] == 0).all()
    assert (e.parts.labels[:, 12:] == 1).all()


def test_an_assumed_preprocessing_is_written_into_the_checks(network, images):
    model = adapt(network)
    model.notes = ("Preprocessing assumed.",)
    e = seewhy.explain(model, images[0], method="saliency")
    assert [c.verdict for c in e.checks if "assumed" in c.message] == ["warning"]


@pytest.mark.parametrize(
    "unsteady", [lambda y: nn.functional.dropout(y, 0.5, True), lambda y: y - y.mean(0)], ids=["dropout", "batch mean"]
)
def test_a_network_that_does_not_repeat_its_answer_is_flagged(network, images, unsteady):
    class Unsteady(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = network

        def forward(self, x):
            return unsteady(self.inner(x))

    torch.manual_seed(0)  # one draw in eight of the dropout repeats itself, whatever was drawn before this test
    e = seewhy.explain(Unsteady(), images[0], method="occlusion", **SMALL)
    assert [c.verdict for c in e.checks if "asked again" in c.message] == ["warning"]
    steady = seewhy.explain(network, images[0], method="occlusion", **SMALL)
    assert not any("asked again" in c.message for c in steady.checks)


def test_class_names_that_do_not_fit_the_outputs_are_flagged(network, images):
    e = seewhy.explain(network, images[0], method="saliency", labels=["a", "b"])
    assert any(c.name == "labels" and c.verdict == "warning" for c in e.checks)


def test_the_budget_stops_sampling_and_says_so(network, images):
    e = seewhy.explain(
        network, images[0], method="permutation-shapley", regions="grid:4", samples=400, budget=200, tolerance=0.0
    )
    assert e.cost.calls <= 200
    assert e.sampling.stop == "budget"


def test_progress_counts_up_to_what_was_declared(network, images):
    seen = []
    seewhy.explain(network, images[0], method="occlusion", progress=lambda done, of: seen.append((done, of)), **SMALL)
    assert seen == sorted(seen)
    assert seen[-1] == (11, 11)


def test_every_explanation_can_be_made_again_from_its_manifest(network, images):
    first = seewhy.explain(network, images[0], method="lime", regions="grid:3", samples=64, seed=3)
    options = {k: v for k, v in first.to_json()["options"].items() if k != "seed"}
    again = seewhy.explain(network, images[0], method="lime", seed=first.origin.seed, **options)
    np.testing.assert_array_equal(first.values, again.values)


def test_nothing_is_warned_about_when_nothing_is_wrong(network, images):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        seewhy.explain(network, images, method="grad-cam")


def test_the_tiny_network_has_the_classes_that_these_tests_assume(network, images):
    assert network(images[:1]).shape == (1, CLASSES)


def test_an_exact_answer_does_not_speak_of_error_bars(network, images):
    found = seewhy.explain(network, images[0], method="exact-shapley", regions="grid:2")
    (told,) = [check.message for check in found.checks if check.name == "efficiency"]
    assert found.stderr is None or not found.stderr.any()
    assert "error bars" not in told
