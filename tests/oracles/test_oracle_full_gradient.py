"""Scores taken apart into places: by hand, on torchvision networks, and on the balanced way back of transformers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torchvision
from known_networks import Formula, of_pixels
from torch import Tensor, nn

import seewhy
from seewhy.domain.target import Target
from seewhy.engine.full_gradient import spread
from seewhy.engine.probe import Probe
from seewhy.models.adapt import adapt
from seewhy.registry import find_method
from seewhy.testing.tiny_models import TinyViT, pictures, seeded, tiny_vit

PLAIN = seewhy.Preprocess.plain()
PICTURE = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0))


def explain(network: nn.Module, image: Tensor, method: str, **options: object) -> seewhy.Explanation:
    return seewhy.explain(
        network, image, method=method, **{"target": 1, "scale": "logit", "preprocess": PLAIN, **options}
    )


def off(found: seewhy.Explanation) -> float:
    """How far the values are from what they should sum to, as a share of it."""
    return next(one.value for one in found.checks if one.name == "completeness")


def notes(found: seewhy.Explanation) -> str:
    return " ".join(one.message for one in found.checks if one.name == "note")


def lively(build: Callable[[], nn.Module]) -> nn.Module:
    """Random weights, with biases that matter, and the statistics of noise where statistics are stored."""

    def built() -> nn.Module:
        network = build()
        for name, parameter in network.named_parameters():
            if name.endswith("bias"):
                nn.init.normal_(parameter, std=0.1)
            elif not bool(parameter.any()):  # the head of torchvision's transformer
                nn.init.normal_(parameter, std=0.3)
        norms = [part for part in network.modules() if isinstance(part, nn.BatchNorm2d)]
        for norm in norms:
            norm.momentum = None  # a plain mean, not a moving one
        if norms:
            with torch.no_grad():
                network(torch.randn(4, 3, 64, 64))
        return network.eval()

    return seeded(built)


# -- places


class Lit(nn.Module):
    """The sum over 2 x 2 blocks of relu(2 * their first pixel + bias), and a bias of the answer."""

    def __init__(self, bias: float, answer: float) -> None:
        super().__init__()
        self.first, self.head = nn.Conv2d(1, 1, 2, stride=2), nn.Linear(1, 2)
        with torch.no_grad():
            self.first.weight.zero_()
            self.first.weight[0, 0, 0, 0] = 2.0
            self.first.bias.fill_(bias)
            self.head.weight.fill_(1.0)
            self.head.bias.fill_(answer)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(F.relu(self.first(images)).flatten(1).sum(dim=1, keepdim=True))


def test_a_bias_counts_at_the_blocks_where_its_unit_is_on_and_the_answer_s_own_bias_everywhere_alike() -> None:
    image = torch.zeros(1, 8, 8)
    image[0, 0, 0], image[0, 4, 6] = 0.9, 0.6  # blocks (0, 0) and (2, 3); elsewhere 2 * 0 - 0.5 is off
    found = explain(Lit(-0.5, 3.2), image, "full-grad")
    by_hand = torch.zeros(4, 4)
    by_hand[0, 0] = by_hand[2, 3] = -0.5
    expected = spread(by_hand, (8, 8)) + 2 * image[0] + 3.2 / 64
    np.testing.assert_allclose(found.values, expected, atol=1e-5)
    assert found.values.sum() == pytest.approx((1.8 - 0.5) + (1.2 - 0.5) + 3.2, rel=1e-5)
    assert found.zero == pytest.approx(3.2 / 64)
    assert found.values[0, 7] == pytest.approx(found.zero)  # a dark corner says nothing
    assert "add 3.2 to the sum of 5.2" in notes(found)


@pytest.mark.parametrize(("grid", "space"), [((4, 4), (8, 8)), ((3, 5), (11, 16)), ((2, 3, 3), (5, 7, 9))])
def test_what_is_laid_over_the_pixels_keeps_its_sum_and_its_place(
    grid: tuple[int, ...], space: tuple[int, ...]
) -> None:
    cells = torch.zeros(grid)
    cells[(0,) * len(grid)] = 1.0
    laid = spread(cells, space)
    assert float(laid.sum()) == pytest.approx(1.0)
    assert float(laid.flatten()[0]) == float(laid.max())
    assert float(laid.flatten()[-1]) == 0.0


def test_the_published_form_is_psi_of_every_part() -> None:
    image = torch.rand(1, 8, 8, generator=torch.Generator().manual_seed(4))
    found = explain(Lit(-0.5, 3.2), image, "full-grad", form="published")
    on = (2 * image[0, ::2, ::2] - 0.5 > 0).float()
    own = torch.zeros(8, 8)
    own[::2, ::2] = 2 * image[0, ::2, ::2] * on
    parts = [own / own.max(), F.interpolate(on[None, None], (8, 8), mode="bilinear")[0, 0]]
    np.testing.assert_allclose(found.values, sum(parts), atol=1e-5)
    assert not [one for one in found.checks if one.name == "completeness"]


def test_the_normalisation_before_the_network_is_a_bias_too() -> None:
    network = lively(lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 2)))
    colour = seewhy.Preprocess(mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))
    found = explain(network, PICTURE[:, :8, :8], "full-grad", preprocess=colour)
    assert off(found) < 1e-5
    outside = Formula(lambda images: network((images - 0.5) * 3)[:, 1])  # the same, written inside of the network
    assert off(explain(outside, PICTURE[:, :8, :8], "full-grad", target=0)) < 1e-5


# -- torchvision networks with in-place and reused activations, and overlapping pooling


NETWORKS = {
    "resnet18": lambda: torchvision.models.resnet18(num_classes=5),
    "vgg11": lambda: torchvision.models.vgg11(num_classes=5),
    "mobilenet_v2": lambda: torchvision.models.mobilenet_v2(num_classes=5),
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("method", ["full-grad", "deep-lift"])
def test_torchvision_networks_are_taken_apart_completely(name: str, method: str) -> None:
    found = explain(lively(NETWORKS[name]), PICTURE, method, preprocess=seewhy.Preprocess.of(size=64))
    assert abs(found.values.astype(np.float64).sum()) > 1e-6
    assert off(found) < 1e-3
    assert "No rule" not in notes(found)


@pytest.mark.parametrize("method", ["full-grad", "deep-lift"])
def test_squeeze_and_excitation_and_layer_normalisation_are_named(method: str) -> None:
    lively_one = lively(lambda: torchvision.models.mobilenet_v3_small(num_classes=5))
    assert "No rule exists for mul" in notes(explain(lively_one, PICTURE, method))
    assert "layer_norm, scaled_dot_product_attention" in notes(explain(tiny_vit(), pictures(1, 3, 24, 24)[0], method))


@pytest.mark.parametrize("method", ["guided-backprop", "deconvnet", "deep-lift", "full-grad", "libra-grad"])
def test_images_of_one_probe_are_explained_as_alone_in_any_chunks(method: str) -> None:
    model, images = adapt(lively(NETWORKS["mobilenet_v2"]), preprocess=PLAIN), torch.stack([PICTURE, PICTURE.flip(1)])
    found = []
    for limit in (None, 1):
        model.limit = limit
        with model.borrowed():
            probe = Probe(model, images, [Target(i, str(i)) for i in (1, 2)])
            found.append(find_method(method).function(probe).values)
    alone = [explain(model.module, image, method, target=1 + i).values for i, image in enumerate(images)]
    for one in found:
        np.testing.assert_allclose(one, np.stack(alone), atol=1e-4 * np.abs(alone).max())


# -- LibraGrad


def test_a_gate_counts_as_given_and_a_product_is_shared_in_halves() -> None:
    image = torch.zeros(1, 2, 3)
    image[0, 0] = torch.tensor([0.8, 0.5, 0.4])
    gate = explain(of_pixels(lambda a, b, *_: F.silu(a) + 2 * F.gelu(b)), image, "libra-grad", target=0).values
    np.testing.assert_allclose(gate[0, :2], [F.silu(image[0, 0, 0]), 2 * F.gelu(image[0, 0, 1])], atol=1e-6)
    product = explain(of_pixels(lambda a, b, *_: 3 * a * b), image, "libra-grad", target=0).values
    np.testing.assert_allclose(product[0], [0.6, 0.6, 0.0], atol=1e-6)


@pytest.mark.parametrize("centred", [True, False])
def test_the_scale_of_a_normalisation_counts_as_given(centred: bool) -> None:
    image, weight = torch.rand(1, 2, 3, generator=torch.Generator().manual_seed(1)), torch.tensor([1.0, -2, 3, 0, 2, 1])
    norm = (lambda x: F.layer_norm(x, (6,), weight, weight / 7)) if centred else (lambda x: F.rms_norm(x, (6,), weight))
    network = Formula(lambda images: norm(images.flatten(1))[:, :3].sum(dim=1))
    found = explain(network, image, "libra-grad", target=0)
    x = image.flatten().double().numpy()
    away = x - x.mean() if centred else x
    scale = 1 / np.sqrt((away**2).mean() + (1e-5 if centred else np.finfo(np.float32).eps))
    slope = np.array([1.0, -2, 3, 0, 0, 0]) * scale
    slope = slope - slope.mean() if centred else slope
    np.testing.assert_allclose(found.values.ravel() - found.zero, slope * x, atol=1e-5)
    assert off(found) < 1e-5


class Rewritten(nn.Module):
    """TinyViT with the published rules written into its forward pass."""

    def __init__(self, inner: TinyViT) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, images: Tensor) -> Tensor:
        net = self.inner
        patches = net.embed(images).flatten(2).transpose(1, 2) * 4
        tokens = torch.cat([net.token.expand(len(images), -1, -1), patches], dim=1) + net.places
        for block in net.blocks:
            query, key, value = block.qkv(self.norm(block.norm, tokens)).unflatten(2, (3, 2, -1)).permute(2, 0, 3, 1, 4)
            weights = torch.softmax(2 * query @ key.mT / query.shape[-1] ** 0.5, dim=-1).detach()
            tokens = tokens + block.out((weights @ value).transpose(1, 2).flatten(2)) * 2
            hidden = block.mlp[0](self.norm(block.norm2, tokens))
            tokens = tokens + hidden * (0.5 * (1 + torch.erf(hidden / 2**0.5))).detach()
        return net.head(self.norm(net.norm, tokens)[:, 0]) * 4

    def norm(self, norm: nn.LayerNorm, tokens: Tensor) -> Tensor:
        away = tokens - tokens.mean(dim=-1, keepdim=True)
        return away / (away.square().mean(dim=-1, keepdim=True) + norm.eps).sqrt().detach() * norm.weight + norm.bias


def test_the_balanced_gradient_is_that_of_a_network_with_the_rules_written_into_it() -> None:
    from seewhy.engine.full_gradient import full_gradients

    network, image = lively(TinyViT), pictures(1, 3, 24, 24)
    model = adapt(network, preprocess=PLAIN)
    with model.borrowed():
        (found,) = full_gradients(Probe(model, image, [Target(1, "one")]), balanced=True)
    asked = image.clone().requires_grad_()
    answer = Rewritten(network)(asked)
    torch.testing.assert_close(answer, network(asked), atol=1e-5, rtol=1e-5)
    (slope,) = torch.autograd.grad(answer[0, 1], asked)
    torch.testing.assert_close(found.pixels, (image * slope)[0], atol=1e-5, rtol=1e-4)
    assert found.unruled == frozenset()


TRANSFORMERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "fused attention": (TinyViT, (3, 24, 24)),
    "of clips": (lambda: TinyViT((8, 16, 16)), (3, 8, 16, 16)),
    "torchvision's multi-head attention": (
        lambda: torchvision.models.VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=5),
        (3, 32, 32),
    ),
    "gates and squeeze-excite": (lambda: torchvision.models.mobilenet_v3_small(num_classes=5), (3, 64, 64)),
    "windows": (
        lambda: torchvision.models.SwinTransformer([4, 4], 16, [2, 2], [2, 2], [4, 4], num_classes=5),
        (3, 32, 32),
    ),
}


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_libra_grad_keeps_the_whole_score_where_full_grad_loses_some(name: str) -> None:
    build, shape = TRANSFORMERS[name]
    network, images = lively(build), pictures(1, *shape)
    found, plain = (explain(network, images, method)[0] for method in ("libra-grad", "full-grad"))
    assert off(found) < 1e-3
    assert "No rule" not in notes(found)
    assert off(plain) > 10 * off(found)
    assert "No rule" in notes(plain)


def test_biases_at_image_tokens_lie_on_their_patches_and_those_of_the_class_token_nowhere() -> None:
    network = lively(TinyViT)
    with torch.no_grad():
        network.embed.weight.zero_()  # only biases and position embeddings are left
        network.places.zero_()
        network.places[0, 1 + 7] = torch.randn(16, generator=torch.Generator().manual_seed(2))
    found = explain(network, pictures(1, 3, 24, 24)[0], "libra-grad")
    without = network.places.detach().clone()
    with torch.no_grad():
        network.places[0, 1 + 7] = 0
    plain = explain(network, pictures(1, 3, 24, 24)[0], "libra-grad")
    assert bool(without.any())
    change = np.abs((found.values - found.zero) - (plain.values - plain.zero)).reshape(6, 4, 6, 4).sum(axis=(1, 3))
    assert np.unravel_index(change.argmax(), change.shape) == (1, 1)  # patch 7 of rows of six


# -- the traps of rectified gradients are real


@pytest.mark.parametrize("method", ["guided-backprop", "deconvnet"])
def test_rectified_gradients_hardly_depend_on_the_class_or_on_the_head_but_the_gradient_does(method: str) -> None:
    network = lively(NETWORKS["resnet18"])
    one, other = (explain(network, PICTURE, method, target=target).values for target in (1, 2))
    plain, plain_other = (explain(network, PICTURE, "saliency", target=target).values for target in (1, 2))
    seeded(lambda: nn.init.normal_(network.fc.weight, std=0.05), seed=1)
    again = explain(network, PICTURE, method).values
    plain_again = explain(network, PICTURE, "saliency").values
    assert min(alike(one, other), alike(one, again)) > 0.9
    assert max(alike(plain, plain_other), alike(plain, plain_again)) < 0.6


def alike(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
