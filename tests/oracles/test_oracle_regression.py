"""Networks that answer values: nothing is said of classes or probabilities, and the score is the value itself."""

import numpy as np
import pytest
import torch
from torch import nn

import seewhy
from seewhy.errors import BadOption, BadTarget

PLAIN = seewhy.Preprocess.plain()


class Weighing(nn.Module):
    """Some weighted sums of the pixels, far away from 0."""

    def __init__(self, outputs: int = 1) -> None:
        super().__init__()
        self.head = nn.Linear(64, outputs)
        with torch.no_grad():
            self.head.weight.copy_(torch.linspace(-1, 2, 64 * outputs).view(outputs, 64))
            self.head.bias.fill_(40.0)

    def forward(self, images):
        return self.head(images.flatten(1))


def image() -> torch.Tensor:
    return torch.rand(1, 8, 8, generator=torch.Generator().manual_seed(0))


def regressor(outputs: int = 1, **said):
    return seewhy.adapt(Weighing(outputs), task="regression", preprocess=PLAIN, **said)


@pytest.mark.parametrize("method", ["rise", "occlusion", "saliency", "integrated-gradients"])
def test_no_word_of_a_class_or_a_probability(method):
    options = {"samples": 64} if method == "rise" else {"window": 4, "stride": 4} if method == "occlusion" else {}
    found = seewhy.explain(regressor(unit="kg"), image(), method=method, **options)
    value = Weighing()(image()[None]).item()
    assert found.target.score == pytest.approx(value, rel=1e-5)
    assert (found.target.scale, found.target.label) == ("value", "value 0")
    assert f"The model answered {value:.3g} kg." in found.summary()
    words = [found.summary().lower(), *(check.message for check in found.checks if check.verdict != "not run")]
    assert not any(word in text for text in words for word in ("probability", "class "))


def test_the_map_of_a_weighted_sum_is_weight_times_pixel():
    found = seewhy.explain(regressor(), image(), method="input-x-gradient")
    assert np.allclose(found.values, torch.linspace(-1, 2, 64).view(8, 8) * image()[0], atol=1e-6)


def test_of_several_values_one_must_be_named():
    with pytest.raises(BadTarget, match="answers 3 values"):
        seewhy.explain(regressor(3), image(), method="saliency")
    found = seewhy.explain(regressor(3, labels=["x", "y", "z"]), image(), method="input-x-gradient", target="y")
    assert found.target.score == pytest.approx(Weighing(3)(image()[None])[0, 1].item(), rel=1e-5)
    assert "“x”" in found.summary().split("Asked")[0]
    rival = next(check for check in found.checks if check.name == "class-discrimination")
    assert rival.verdict == "not run"


def test_a_function_may_answer_values_and_units_belong_to_them():
    asked = seewhy.adapt(lambda images: images.sum(dim=(1, 2, 3)), task="regression", unit="cells", preprocess=PLAIN)
    assert "cells" in seewhy.explain(asked, image(), method="occlusion", window=4, stride=4).summary()
    with pytest.raises(BadOption, match="unit='kg' means nothing"):
        seewhy.adapt(Weighing(), unit="kg", preprocess=PLAIN)
    with pytest.raises(BadOption, match="task='poem' is not possible"):
        seewhy.adapt(Weighing(), task="poem", preprocess=PLAIN)
    with pytest.raises(BadOption, match="task='segmentation' is not possible for"):
        seewhy.adapt(lambda images: images, task="segmentation", preprocess=PLAIN)


def test_a_scale_of_classes_is_refused():
    with pytest.raises(BadOption, match="means nothing here"):
        seewhy.explain(regressor(), image(), method="saliency", scale="probability")


def test_values_come_back_from_disk_and_are_drawn(tmp_path):
    found = seewhy.explain(regressor(unit="kg"), image(), method="saliency")
    again = seewhy.Explanation.load(found.save(tmp_path / "one"))
    assert again.prediction == found.prediction
    assert again.to_json()["prediction"]["top"][0]["probability"] is None
    assert found.overlay().size[0] > 0
    assert "probability" not in found._repr_html_()
