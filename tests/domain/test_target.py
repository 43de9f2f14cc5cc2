"""What is asked: classes by number and by name, contrasts, functions, and the scale of the score."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import seewhy
from seewhy.domain.prediction import rival
from seewhy.domain.target import Contrast, Target, class_index, kind_of, on_scale, probabilities
from seewhy.errors import BadTarget, UnknownClass
from seewhy.run.targets import resolve
from seewhy.testing.tiny_models import pictures, tiny_cnn

LABELS = ("tabby, tabby cat", "tiger cat", "crane", "crane", "racket, racquet", "7")
OUTPUTS = torch.tensor([[2.0, 1.0, -1.0, 0.5, 0.0, -2.0]])
rows = st.lists(st.floats(-8, 8, width=32), min_size=2, max_size=6)


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        (3, 3), ("3", 3), ("tiger cat", 1), ("Tiger Cat", 1), (" tabby ", 0), ("tabby cat", 0),
        ("tabby, tabby cat", 0), ("racquet", 4), ("7", 5),
    ],
)  # fmt: skip
def test_classes_go_by_number_name_or_synonym(asked, index):
    assert class_index(asked, LABELS, 6) == index


@pytest.mark.parametrize("asked", [6, -1, "6", "-2"])
def test_numbers_outside_the_classes_are_refused(asked):
    with pytest.raises(UnknownClass, match="the model has 6 classes"):
        class_index(asked, LABELS, 6)


def test_a_near_name_is_suggested():
    with pytest.raises(UnknownClass, match="Did you mean 'tiger cat'"):
        class_index("tigercat", LABELS, 6)


def test_a_name_of_two_classes_is_refused_with_both_numbers():
    with pytest.raises(UnknownClass, match=r"several classes: 2, 3"):
        class_index("crane", LABELS, 6)


def test_a_name_without_labels_is_refused():
    with pytest.raises(UnknownClass, match="carries no class names"):
        class_index("cat", None, 6)


def test_nothing_asks_about_the_predicted_class():
    found = resolve(None, OUTPUTS, LABELS, None, "logit")
    assert (found.index, found.label) == (0, "tabby, tabby cat")


def test_a_contrast_is_the_difference_of_two_scores():
    found = resolve(Contrast("tiger cat", 2), OUTPUTS, LABELS, "logit", "logit")
    assert float(found(OUTPUTS)[0]) == 2.0
    assert (found.index, found.against) == (1, 2)


@pytest.mark.parametrize("asked", [torch.tensor(1), "1", 1])
def test_anything_that_counts_as_a_number_is_an_index(asked):
    assert resolve(asked, OUTPUTS, None, None, "logit").index == 1


def test_a_function_may_answer_a_column():
    target = resolve(lambda outputs: outputs[:, :1] * 2, OUTPUTS, None, None, "logit")
    assert target(OUTPUTS).tolist() == [4.0]


@pytest.mark.parametrize(
    "function", [lambda o: o, lambda o: o.sum(), lambda o: 3.0, lambda o: o[:, 0].tolist()], ids="abcd"
)
def test_a_function_that_does_not_answer_one_number_per_image_is_refused(function):
    target = Target(None, "mine", function=function)
    with pytest.raises(BadTarget, match="The target function answered"):
        target(OUTPUTS.expand(2, -1))


@pytest.mark.parametrize("asked", [3.5, {"cat": 1}, b"cat"])
def test_other_things_are_no_targets(asked):
    with pytest.raises(BadTarget, match="is not a target"):
        resolve(asked, OUTPUTS, LABELS, None, "logit")


@given(rows)
def test_log_odds_are_the_logit_of_the_probability(row):
    outputs = torch.tensor([row], dtype=torch.float64)
    p = on_scale(outputs, 0, "probability", "logits")
    assert torch.allclose(on_scale(outputs, 0, "log-odds", "logits"), torch.logit(p), atol=1e-6)
    assert torch.allclose(p, probabilities(outputs, "logits")[:, 0])


@given(st.floats(-8, 8), st.floats(-8, 8))
def test_with_two_classes_log_odds_are_the_difference_of_logits(one, other):
    outputs = torch.tensor([[one, other]], dtype=torch.float64)
    assert float(on_scale(outputs, 0, "log-odds", "logits")) == pytest.approx(one - other, abs=1e-9)


@given(rows)
def test_answers_that_are_probabilities_give_the_same_odds_as_logits(row):
    outputs = torch.tensor([row], dtype=torch.float64)
    p = outputs.softmax(dim=1)
    if float(p[0, 0]) < 1e-4 or float(p[0, 0]) > 1 - 1e-4:
        return
    for scale in ("probability", "log-odds"):
        assert torch.allclose(on_scale(p, 0, scale, "probabilities"), on_scale(outputs, 0, scale, "logits"))


def test_log_odds_of_certain_answers_stay_finite():
    certain = torch.tensor([[1.0, 0.0]])
    assert torch.isfinite(on_scale(certain, 0, "log-odds", "probabilities")).all()
    assert torch.isfinite(on_scale(torch.tensor([[200.0, -200.0]]), 0, "log-odds", "logits")).all()


def test_a_single_output_is_the_log_odds_of_its_class():
    outputs = torch.tensor([[0.7]])
    assert on_scale(outputs, 0, "logit", "logits") == on_scale(outputs, 0, "log-odds", "logits")
    assert on_scale(outputs, 0, "probability", "logits") == torch.sigmoid(torch.tensor(0.7))


def test_a_model_of_one_output_is_explained_without_a_rival():
    found = seewhy.explain(
        lambda x: x.mean(dim=(1, 2, 3))[:, None] * 9 - 3, pictures(1, 3, 12, 12)[0], window=4, stride=4
    )
    (check,) = [check for check in found.checks if check.name == "class-discrimination"]
    assert check.verdict == "not run"
    assert found.target.label == "class 0"


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ([0.2, 0.8], "probabilities"), ([0.2, 0.9], "logits"), ([-0.1, 1.1], "logits"), ([0.4], "probabilities"),
        ([3.0], "logits"),
    ],
)  # fmt: skip
def test_probabilities_are_told_from_logits(row, kind):
    assert kind_of(torch.tensor([row])) == kind


def test_the_rival_is_the_strongest_other_class():
    target = resolve(1, OUTPUTS, LABELS, None, "logit")
    assert rival(target, OUTPUTS, LABELS).index == 0
    assert rival(resolve(None, OUTPUTS, LABELS, None, "logit"), OUTPUTS, LABELS).index == 1


def test_targets_through_the_public_door():
    labels = ["ant", "bee", "cat", "dog"]
    by_name, by_index = (
        seewhy.explain(tiny_cnn(), pictures(1, 3, 24, 24)[0], target=target, labels=labels, method="saliency")
        for target in ("cat", 2)
    )
    assert (by_name.values == by_index.values).all()
    assert by_name.target.label == "cat"
