"""`method="auto"` chooses what the model can have and the budget pays, says why, and never asks for less in silence."""

import pytest
import torch

import seewhy
from seewhy.errors import BadOption, BudgetTooSmall, UnknownMethod, UnknownOption
from seewhy.testing.tiny_models import pictures, plain_function, tiny_cnn, tiny_vit

IMAGE = pictures(1, 3, 24, 24)[0]
LARGE = pictures(1, 3, 96, 96)[0]


def auto(model, image=IMAGE, **options):
    return seewhy.explain(model, image, method="auto", target=1, **options)


def why(found):
    (check,) = [check for check in found.checks if check.name == "method"]
    return check.message


@pytest.mark.parametrize(
    ("model", "budget", "method"),
    [
        (tiny_cnn, None, "grad-cam"),
        (tiny_vit, None, "gradient-attention"),
        (lambda: plain_function, None, "kernel-shap"),
        (tiny_cnn, 2, "grad-cam"),
        (tiny_cnn, 300, "occlusion"),
        (tiny_cnn, 900, "kernel-shap"),
        (lambda: plain_function, 300, "occlusion"),
        (lambda: plain_function, 900, "kernel-shap"),
    ],
)
def test_the_choice_follows_model_and_budget_and_is_explained(model, budget, method):
    found = auto(model(), LARGE if model is tiny_cnn else IMAGE, budget=budget)
    assert found.origin.method == method
    assert why(found).startswith(f"{method.capitalize()} was chosen")
    assert budget is None or found.cost.calls <= budget
    assert budget is None or f"{budget} calls were allowed" in why(found)


def test_a_network_without_maps_of_the_image_is_asked_for_its_gradient():
    flat = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 24 * 24, 3))
    assert auto(flat).origin.method == "input-x-gradient"


def test_windows_grow_until_the_budget_pays_them_and_this_is_said():
    model = seewhy.adapt(lambda images: torch.stack([images.mean(dim=(1, 2, 3)), images[:, 0, 0, 0]], dim=1))
    fine, coarse = (auto(model, pictures(1, 3, 224, 224)[0], budget=budget) for budget in (200, 60))
    assert fine.origin.options["window"] == 32
    assert "finest that this pays" not in why(fine)
    assert coarse.origin.options["window"] > 32
    assert f"windows of {coarse.origin.options['window']} pixels" in why(coarse)
    assert coarse.cost.calls <= 60


def test_too_small_a_budget_is_refused_with_one_that_is_enough():
    with pytest.raises(BudgetTooSmall, match="within 2 model calls") as raised:
        auto(plain_function, budget=2)
    enough = int("".join(filter(str.isdigit, raised.value.fix)))
    assert auto(plain_function, budget=enough).cost.calls <= enough


def test_options_choose_among_the_methods_that_have_them():
    assert auto(tiny_cnn(), budget=900, window=12).origin.method == "occlusion"
    assert auto(tiny_cnn(), regions="grid:3").origin.method == "kernel-shap"
    assert auto(tiny_cnn(), sign="both").origin.method == "grad-cam"
    with pytest.raises(UnknownOption, match="ridge_strength"):
        auto(tiny_cnn(), ridge_strength=1.0)


def test_auto_is_asked_for_alone():
    with pytest.raises(UnknownMethod, match="auto"):
        seewhy.explain(tiny_cnn(), IMAGE, method=["auto", "grad-cam"])


def test_seconds_are_turned_into_calls_and_this_is_said():
    found = auto(tiny_cnn(), budget="0.05s")
    (check,) = [check for check in found.checks if check.name == "budget"]
    assert check.message.startswith("0.05 s pay for")
    calls = int(check.message.split("pay for ")[1].split()[0])
    assert found.cost.calls <= calls
    sampled = seewhy.explain(tiny_cnn(), IMAGE, method="rise", budget="0.2s", samples=100_000, tolerance=0.0)
    assert sampled.sampling.stop == "budget"


@pytest.mark.parametrize("budget", ["soon", "-3s", "0s", "5 min", 0, -1])
def test_what_is_no_budget_is_refused(budget):
    with pytest.raises(BadOption, match="budget="):
        auto(tiny_cnn(), budget=budget)


def test_text_counts_calls_as_the_command_line_gives_them():
    assert auto(tiny_cnn(), LARGE, budget="300").origin.method == "occlusion"
