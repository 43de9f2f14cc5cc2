"""What the model answered: ranked, named, as probabilities."""

import torch

from seewhy.domain.prediction import Prediction, name_of

ROW = torch.tensor([0.0, 3.0, 1.0, 3.0])


def test_classes_are_ranked_with_ties_in_their_order():
    found = Prediction.of(ROW, "logits", ["a", "b", "c", "d"], shown=3)
    assert [rank.label for rank in found.top] == ["b", "d", "c"]
    assert (found.index, found.label, found.classes) == (1, "b", 4)
    assert found.top[0].output == 3.0


def test_probabilities_of_logits_add_up_to_one():
    found = Prediction.of(ROW, "logits", None)
    assert abs(sum(rank.probability for rank in found.top) - 1) < 1e-6
    assert found.label == "class 1"


def test_probabilities_are_taken_as_they_are():
    found = Prediction.of(torch.tensor([0.1, 0.9]), "probabilities", None)
    assert abs(found.probability - 0.9) < 1e-6


def test_a_single_output_becomes_a_probability():
    assert Prediction.of(torch.tensor([0.0]), "logits", None).probability == 0.5


def test_a_class_beyond_the_names_goes_by_its_number():
    assert name_of(5, ["a", "b"]) == "class 5"


def test_json_is_plain():
    found = Prediction.of(ROW, "logits", None).to_json()
    assert found["classes"] == 4
    first = found["top"][0]
    assert (first["index"], first["label"], first["output"]) == (1, "class 1", 3.0)
