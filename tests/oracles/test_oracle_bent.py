"""Methods with another way back, on networks small enough to go back through by hand."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from known_networks import Formula, of_pixels
from torch import Tensor, nn

import seewhy
from seewhy.errors import MissingCapability, NoSuitableLayer, UnsupportedModel

SIDE = 4
IMAGE = torch.rand(1, SIDE, SIDE, generator=torch.Generator().manual_seed(3))
PLAIN = seewhy.Preprocess.plain()
PIXELS = torch.zeros(1, 2, 3)


def pixels(*values: float) -> Tensor:
    """An image whose first pixels are these, the rest 0."""
    image = PIXELS.clone().flatten()
    image[: len(values)] = torch.tensor(values)
    return image.reshape(PIXELS.shape)


def explain(network: nn.Module, image: Tensor, method: str, **options: object) -> seewhy.Explanation:
    return seewhy.explain(
        network, image, method=method, **{"target": 0, "scale": "logit", "preprocess": PLAIN, **options}
    )


def values(network: nn.Module, image: Tensor, method: str, **options: object) -> np.ndarray:
    return explain(network, image, method, **options).values.ravel()


class Dense(nn.Module):
    """Two hidden layers with a bias each, and any activation."""

    def __init__(self, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(5)
        sizes = (SIDE * SIDE, 9, 7, 2)
        self.weights = nn.ParameterList([torch.randn(b, a, generator=generator) / 2 for a, b in pairwise(sizes)])
        self.biases = nn.ParameterList([torch.randn(b, generator=generator) / 2 for b in sizes[1:]])
        self.activation = activation

    def forward(self, images: Tensor) -> Tensor:
        hidden = images.flatten(1)
        for weight, bias in list(zip(self.weights, self.biases, strict=True))[:-1]:
            hidden = self.activation(F.linear(hidden, weight, bias))
        return F.linear(hidden, self.weights[-1], self.biases[-1])

    def layers(self) -> list[tuple[np.ndarray, np.ndarray]]:
        return [
            (w.detach().double().numpy(), b.detach().double().numpy())
            for w, b in zip(self.weights, self.biases, strict=True)
        ]


def pushed_forward(network: Dense, image: Tensor, act: Callable[[np.ndarray], np.ndarray]) -> list[np.ndarray]:
    """What the activations are given, layer by layer, then the answer."""
    given, hidden = [], image.flatten().double().numpy()
    for weight, bias in network.layers():
        given.append(weight @ hidden + bias)
        hidden = act(given[-1])
    return given


def relu(given: np.ndarray) -> np.ndarray:
    return np.maximum(given, 0)


RELUS: dict[str, Callable[[], Callable[[Tensor], Tensor]]] = {
    "one module, reused": nn.ReLU,
    "one module in place, reused": lambda: nn.ReLU(inplace=True),
    "F.relu": lambda: F.relu,
    "F.relu in place": lambda: lambda x: F.relu(x, True),
    "F.relu by name": lambda: lambda x: F.relu(input=x, inplace=True),
    "torch.relu": lambda: torch.relu,
    "x.relu()": lambda: lambda x: x.relu(),
    "x.relu_()": lambda: lambda x: x.relu_(),
    "torch.relu_ as a statement": lambda: lambda x: (torch.relu_(x), x)[1],
    "clamp": lambda: lambda x: x.clamp(min=0),
    "clamp_": lambda: lambda x: x.clamp_(0),
    "torch.clamp_min": lambda: lambda x: torch.clamp_min(x, 0),
    "leaky without a leak": lambda: lambda x: F.leaky_relu(x, 0.0),
    "PReLU without a leak": lambda: nn.PReLU(init=0.0),
    "threshold": lambda: lambda x: F.threshold(x, 0.0, 0.0),
    "ReLU6 below six": nn.ReLU6,
    "hardtanh below six": lambda: lambda x: F.hardtanh(x, 0.0, 6.0),
}
on_every_relu = pytest.mark.parametrize("kind", RELUS)


@on_every_relu
def test_guided_backprop_passes_what_is_positive_through_units_that_are_on_however_they_are_called(kind: str) -> None:
    network = Dense(RELUS[kind]())
    (first, second, _), (w1, w2, w3) = pushed_forward(network, IMAGE, relu), (w for w, _ in network.layers())
    slope = relu(w3[0]) * (second > 0)
    slope = relu(w2.T @ slope) * (first > 0)
    expected = np.abs(w1.T @ slope)
    np.testing.assert_allclose(values(network, IMAGE, "guided-backprop"), expected, atol=1e-5)
    plain = np.abs(w1.T @ ((w2.T @ (w3[0] * (second > 0))) * (first > 0)))
    assert np.abs(expected - plain).max() > 0.1 * plain.max()


@on_every_relu
def test_deconvnet_rectifies_what_comes_back_and_ignores_which_units_were_on(kind: str) -> None:
    network = Dense(RELUS[kind]())
    w1, w2, w3 = (w for w, _ in network.layers())
    expected = np.abs(w1.T @ relu(w2.T @ relu(w3[0])))
    np.testing.assert_allclose(values(network, IMAGE, "deconvnet"), expected, atol=1e-5)


@on_every_relu
def test_deep_lift_multiplies_the_slopes_from_baseline_to_image(kind: str) -> None:
    network = Dense(RELUS[kind]())
    given, start = (pushed_forward(network, image, relu) for image in (IMAGE, 0 * IMAGE + 0.25))
    w1, w2, w3 = (w for w, _ in network.layers())
    slopes = [(relu(a) - relu(b)) / (a - b) for a, b in zip(given, start, strict=True)]
    expected = (w1.T @ (slopes[0] * (w2.T @ (slopes[1] * w3[0])))) * (IMAGE.flatten().double().numpy() - 0.25)
    found = explain(network, IMAGE, "deep-lift", baseline=seewhy.Colour(0.25))
    np.testing.assert_allclose(found.values.ravel(), expected, atol=1e-5)
    assert expected.sum() == pytest.approx(given[2][0] - start[2][0])


@on_every_relu
def test_full_grad_is_the_score_in_parts(kind: str) -> None:
    network = Dense(RELUS[kind]())
    first, second, answer = pushed_forward(network, IMAGE, relu)
    (w1, b1), (w2, b2), (w3, b3) = network.layers()
    at_second = w3[0] * (second > 0)
    at_first = (w2.T @ at_second) * (first > 0)
    own, biases = (w1.T @ at_first) * IMAGE.flatten().double().numpy(), b1 @ at_first + b2 @ at_second + b3[0]
    assert own.sum() + biases == pytest.approx(answer[0])
    found = explain(network, IMAGE, "full-grad")
    np.testing.assert_allclose(found.values.ravel(), own + biases / own.size, atol=1e-5)
    assert found.zero == pytest.approx(biases / own.size, rel=1e-4)


SMOOTH = {
    "sigmoid": (torch.sigmoid, lambda z: 1 / (1 + np.exp(-z))),
    "tanh": (nn.Tanh(), np.tanh),
    "softplus": (F.softplus, lambda z: np.log1p(np.exp(z))),
    "leaky in place": (nn.LeakyReLU(0.2, inplace=True), lambda z: np.where(z > 0, z, 0.2 * z)),
    "ELU": (nn.ELU(), lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0)))),
    "SiLU": (nn.SiLU(), lambda z: z / (1 + np.exp(-z))),
    "hardtanh": (nn.Hardtanh(-0.4, 0.4), lambda z: np.clip(z, -0.4, 0.4)),
    "square": (lambda x: x**2, np.square),
    "one right behind the other": (  # captum#1104: slopes of the first were those of the second
        lambda x: torch.sigmoid(F.leaky_relu(x, 0.2)),
        lambda z: 1 / (1 + np.exp(-np.where(z > 0, z, 0.2 * z))),
    ),
}


@pytest.mark.parametrize("kind", SMOOTH)
def test_deep_lift_and_full_grad_hold_for_every_elementwise_function(kind: str) -> None:
    ours, act = SMOOTH[kind]
    network = Dense(ours)
    given, start = (pushed_forward(network, image, act) for image in (IMAGE, 0 * IMAGE))
    w1, w2, w3 = (w for w, _ in network.layers())
    slopes = [(act(a) - act(b)) / (a - b) for a, b in zip(given, start, strict=True)]
    expected = (w1.T @ (slopes[0] * (w2.T @ (slopes[1] * w3[0])))) * IMAGE.flatten().double().numpy()
    np.testing.assert_allclose(values(network, IMAGE, "deep-lift"), expected, atol=2e-5)
    assert values(network, IMAGE, "full-grad").sum() == pytest.approx(given[2][0], rel=1e-4)


# -- DeepLIFT


def test_deep_lift_sees_through_saturation_where_the_gradient_is_zero() -> None:
    network = of_pixels(lambda a, b, *_: 1 - F.relu(1 - (a + b)))  # figure 1 of the paper
    np.testing.assert_allclose(values(network, pixels(1.0, 1.0), "deep-lift")[:2], [0.5, 0.5], atol=1e-6)
    assert not values(network, pixels(1.0, 1.0), "input-x-gradient").any()


def test_deep_lift_of_a_minimum_is_what_the_rescale_rule_makes_of_it() -> None:
    network = of_pixels(lambda a, b, *_: a - F.relu(a - b))  # min(a, b); RevealCancel would share it out
    np.testing.assert_allclose(values(network, pixels(0.75, 0.25), "deep-lift")[:2], [0.0, 0.25], atol=1e-6)


def test_a_maximum_that_rose_is_credited_to_its_place_and_one_that_fell_to_the_place_it_left() -> None:
    network = Formula(lambda images: F.max_pool2d(images, (1, 3)).sum(dim=(1, 2, 3)))
    image, start = (
        torch.tensor([[[0.1, 0.9, 0.2], [0.3, 0.1, 0.2]]]),
        torch.tensor([[[0.8, 0.0, 0.1], [0.1, 0.7, 0.0]]]),
    )
    found = explain(network, image, "deep-lift", baseline=seewhy.Sample(start.numpy()[None]))
    np.testing.assert_allclose(found.values, [[0, 0.1, 0], [0, -0.4, 0]], atol=1e-6)


@pytest.mark.parametrize("pool", [nn.MaxPool2d(3, 1, 1), nn.AdaptiveMaxPool2d(2), nn.MaxPool2d(2)])
def test_deep_lift_is_complete_through_every_max_pooling(pool: nn.Module) -> None:
    network = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), pool, nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(1)
        network(IMAGE[None])
    found = explain(network.eval(), IMAGE, "deep-lift")
    assert check(found, "completeness").value < 1e-4


def test_deep_lift_averages_over_the_fills_of_a_baseline() -> None:
    network, fills = Dense(F.relu), torch.rand(3, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(8))
    alone = [values(network, IMAGE, "deep-lift", baseline=seewhy.Sample(fill.numpy()[None])) for fill in fills]
    together = values(network, IMAGE, "deep-lift", baseline=seewhy.Sample(fills.numpy()))
    np.testing.assert_allclose(together, np.mean(alone, axis=0), atol=1e-6)


def test_deep_lift_names_what_it_has_no_rule_for_and_shows_how_much_is_missing() -> None:
    found = explain(of_pixels(lambda a, b, *_: a * b), pixels(0.5, 0.5), "deep-lift")
    assert "No rule exists for mul" in check(found, "note").message
    assert check(found, "completeness").verdict == "bad"
    assert "steps" not in check(found, "completeness").message


def test_deep_lift_refuses_a_network_that_calls_other_functions_for_the_baseline() -> None:
    network = Formula(lambda x: F.relu(x).sum((1, 2, 3)) if x.sum() else torch.sigmoid(x).sum((1, 2, 3)))
    with pytest.raises(UnsupportedModel, match="does not call the same functions"):
        explain(network, IMAGE, "deep-lift")


# -- what cannot be bent


@pytest.mark.parametrize("method", ["guided-backprop", "deconvnet"])
def test_a_network_without_rectifiers_is_told_that_the_map_is_the_plain_gradient(method: str) -> None:
    found = explain(Dense(torch.tanh), IMAGE, method)
    assert "plain gradient" in check(found, "note").message
    np.testing.assert_allclose(found.values, explain(Dense(torch.tanh), IMAGE, "saliency").values, atol=1e-6)
    assert not [one for one in explain(Dense(F.relu), IMAGE, method).checks if one.name == "note"]


def test_a_clamp_that_guards_a_division_is_no_rectifier() -> None:
    network = of_pixels(lambda a, b, *_: a / b.clamp(min=1e-3))
    assert "plain gradient" in check(explain(network, pixels(0.5, 0.5), "guided-backprop"), "note").message


@pytest.mark.parametrize("method", ["guided-backprop", "deconvnet", "deep-lift", "full-grad", "libra-grad"])
def test_models_that_run_out_of_sight_are_refused_by_name(method: str) -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2)).eval()
    with pytest.raises(NoSuitableLayer, match="TorchScript"):
        explain(torch.jit.trace(network, IMAGE[None]), IMAGE, method)
    with pytest.raises(MissingCapability, match="out of Python's sight"):
        explain(torch.export.export(network, (IMAGE[None],)), IMAGE, method)


def check(found: seewhy.Explanation, name: str) -> seewhy.Check:
    return next(one for one in found.checks if one.name == name)
