"""Silent failures around wrappers, hooks, threads, quantised and frozen parts: each works here, or is refused."""

from __future__ import annotations

import copy
import threading
import warnings

import numpy as np
import pytest
import torch
from failing_networks import PICTURES, Noisy, Small
from torch import nn

import seewhy
from models.image_networks import build, pictures
from seewhy.errors import BadModelOutput, BadTarget, MissingCapability, ModelFailed, SeewhyWarning
from seewhy.registry import load_all

PLAIN = seewhy.Preprocess.plain()
SAMPLING = [entry.name for entry in load_all().values() if entry.samples and 2 in entry.spaces]


def hooks(network: nn.Module) -> int:
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(part, kind)) for part in network.modules() for kind in kinds)


# -- threads, hooks, patches


def test_threads_that_share_a_network_get_their_own_maps_and_it_is_given_back() -> None:
    network, methods = Noisy().train(), ["grad-cam", "saliency"]
    expected = [seewhy.explain(Noisy(), picture, method=methods, target=1) for picture in PICTURES]
    found: dict[int, list[list[seewhy.Explanation]]] = {}

    def work(i: int) -> None:
        found[i] = [seewhy.explain(network, PICTURES[i % 3], method=methods, target=1) for _ in range(3)]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    for i, runs in found.items():
        for run in runs:
            for one, other in zip(run, expected[i % 3], strict=True):
                np.testing.assert_allclose(one.values, other.values, atol=1e-7)
    assert all(part.training for part in network.modules())
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert hooks(network) == 0


@pytest.mark.parametrize("method", ["grad-cam", "saliency", "layer-cam"])
def test_no_hook_is_left_when_the_network_raises_while_it_is_looked_into(method: str) -> None:
    class Raises(Small):
        fails = False

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            answer = super().forward(images)
            if self.fails:
                raise ValueError("half-way")
            return answer

    network = Raises().train()
    seewhy.explain(network, PICTURES[0], method=method)
    network.fails = True
    with pytest.raises(ModelFailed, match="half-way"):
        seewhy.explain(network, PICTURES[0], method=method)
    assert hooks(network) == 0
    assert network.training


def test_no_class_or_function_of_torch_is_changed_and_other_networks_learn_as_before() -> None:
    kinds = nn.LayerNorm, nn.GELU, nn.MultiheadAttention, nn.Linear, nn.ReLU
    functions = "scaled_dot_product_attention", "softmax", "relu", "layer_norm", "gelu"
    before = [kind.forward for kind in kinds], [getattr(nn.functional, name) for name in functions]
    torch.manual_seed(0)
    other = nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8), nn.GELU(), nn.Linear(8, 1))
    rows = torch.randn(4, 8)

    def slopes() -> torch.Tensor:
        return torch.autograd.grad(other(rows).sum(), other[0].weight)[0]

    expected = slopes()
    methods = ["gradient-attention", "attention-rollout", "raw-attention", "grad-cam"]
    seewhy.explain(build("timm ViT"), pictures("timm ViT")[0], method=methods, preprocess=PLAIN)
    assert ([kind.forward for kind in kinds], [getattr(nn.functional, name) for name in functions]) == before
    assert torch.equal(slopes(), expected)


def test_hooks_of_the_person_stay_and_run() -> None:
    network, seen = Small(), []
    handle = network.second.register_forward_hook(lambda *_: seen.append(1))
    seewhy.explain(network, PICTURES[0], method="grad-cam", layer="second")
    assert seen
    assert hooks(network) == 1
    handle.remove()


# -- frozen, detached, quantised


def test_a_backbone_inside_no_grad_is_refused_for_gradients_and_answers_for_scores() -> None:
    class Frozen(Small):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            with torch.no_grad():
                features = self.second(self.first(images).relu()).relu()
            return self.head(features.flatten(1))

    for method in ("saliency", "grad-cam", "integrated-gradients"):
        with pytest.raises(MissingCapability, match="does not depend differentiably"):
            seewhy.explain(Frozen(), PICTURES[0], method=method)
    options = {"method": "occlusion", "window": 16, "stride": 16, "target": 1}
    np.testing.assert_array_equal(
        seewhy.explain(Frozen(), PICTURES[0], **options).values, seewhy.explain(Small(), PICTURES[0], **options).values
    )


def test_partly_frozen_parameters_change_nothing_and_keep_their_flags() -> None:
    partly = Small()
    partly.first.requires_grad_(False)
    flags = [parameter.requires_grad for parameter in partly.parameters()]
    for method in ("grad-cam", "saliency"):
        found, expected = (seewhy.explain(n, PICTURES[0], method=method, target=1) for n in (partly, Small()))
        np.testing.assert_array_equal(found.values, expected.values)
    assert [parameter.requires_grad for parameter in partly.parameters()] == flags


def test_an_image_that_wants_a_gradient_is_neither_needed_nor_changed() -> None:
    wants = PICTURES[0].clone().requires_grad_()
    found = seewhy.explain(Small(), wants, method="saliency")
    np.testing.assert_array_equal(found.values, seewhy.explain(Small(), PICTURES[0], method="saliency").values)
    assert wants.grad is None
    assert wants.requires_grad


@pytest.mark.filterwarnings("ignore")
def test_a_quantised_network_answers_for_scores_and_is_refused_for_gradients() -> None:
    try:
        small = torch.ao.quantization.quantize_dynamic(Small().eval(), {nn.Linear}, dtype=torch.qint8)
    except (AttributeError, RuntimeError) as error:
        pytest.skip(f"this torch cannot quantise here: {error}")
    found = seewhy.explain(small, PICTURES[0], method="occlusion", window=8, stride=8, target=1)
    expected = seewhy.explain(Small(), PICTURES[0], method="occlusion", window=8, stride=8, target=1)
    assert np.corrcoef(found.values.ravel(), expected.values.ravel())[0, 1] > 0.9
    with pytest.raises(MissingCapability, match="gradients"):
        seewhy.explain(small, PICTURES[0], method="saliency")


# -- outputs and targets


def test_a_layer_that_answers_a_tuple_is_read_by_its_map() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = Small().first

        def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            features = self.conv(images)
            return features, features.mean()

    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block, self.second, self.head = Twice(), Small().second, Small().head

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.head(self.second(self.block(images)[0].relu()).relu().flatten(1))

    found = seewhy.explain(Pair(), PICTURES[0], method="grad-cam", layer="block", sign="both", target=1)
    expected = seewhy.explain(Small(), PICTURES[0], method="grad-cam", layer="first", sign="both", target=1)
    np.testing.assert_allclose(found.values, expected.values, atol=1e-7)


@pytest.mark.parametrize("kind", [torch.tensor, np.array, list, tuple])
def test_classes_for_a_batch_may_come_as_tensor_array_or_list(kind: type) -> None:
    found = seewhy.explain(Small(), PICTURES, method="saliency", target=kind([2, 0, 1]))
    assert [one.target.index for one in found] == [2, 0, 1]
    with pytest.raises(BadTarget, match="2 targets were given for 3 inputs"):
        seewhy.explain(Small(), PICTURES, method="saliency", target=kind([2, 0]))


@pytest.mark.parametrize("target", [2.0, object()])
def test_what_is_no_class_is_refused_and_not_rounded(target: object) -> None:
    with pytest.raises(BadTarget, match="is not a target"):
        seewhy.explain(Small(), PICTURES[0], method="saliency", target=target)


def test_a_batch_that_comes_back_shorter_is_refused() -> None:
    class Halves(Small):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return super().forward(images)[: max(1, len(images) // 2)]

    with pytest.raises(BadModelOutput):
        seewhy.explain(Halves(), PICTURES[0], method="occlusion", window=16, stride=16)


def test_a_device_that_does_not_exist_is_refused_before_anything_is_moved() -> None:
    with pytest.raises(seewhy.errors.BadOption, match="cannot be used here"):
        seewhy.explain(Small(), PICTURES[0], method="saliency", device="cuda:99")


# -- the same answer again


@pytest.mark.parametrize("method", SAMPLING)
def test_the_map_does_not_depend_on_the_random_state_of_the_caller(method: str) -> None:
    options: dict[str, object] = {"samples": 120}
    names = load_all()[method].options
    if "regions" in names:
        options["regions"] = seewhy.Grid(2)
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeewhyWarning)
        for seed in (1, 2):
            torch.manual_seed(seed)
            np.random.seed(seed)
            found.append(seewhy.explain(Small(), PICTURES[0], method=method, target=1, **options))
    np.testing.assert_array_equal(found[0].values, found[1].values)
    assert found[0].origin.seed == found[0].origin.options["seed"] == 0


def test_a_copy_of_the_network_has_the_same_maps_and_fingerprint() -> None:
    network = Noisy().train()
    first = seewhy.explain(network, PICTURES[0], method="grad-cam")
    second = seewhy.explain(copy.deepcopy(network), PICTURES[0], method="grad-cam")
    np.testing.assert_array_equal(first.values, second.values)
    assert first.origin.model_fingerprint == second.origin.model_fingerprint


# -- functions


@pytest.mark.parametrize("takes", ["tensor", "array"])
def test_a_function_gets_what_it_takes_for_every_method_that_only_asks(takes: str) -> None:
    def brightness(images: object) -> np.ndarray:
        expected = torch.Tensor if takes == "tensor" else np.ndarray
        assert isinstance(images, expected), type(images)
        pixels = np.asarray(images).reshape(len(images), -1)
        return np.stack([pixels.mean(axis=1), 1 - pixels.mean(axis=1)], axis=1)

    model = seewhy.adapt(brightness, takes=takes, preprocess=seewhy.Preprocess.of(size=32, mean=0.0, std=1.0))
    methods = {
        "occlusion": {"window": 16, "stride": 16},
        "exact-shapley": {"regions": seewhy.Grid(2)},
        "rise": {"samples": 64},
    }
    for one in seewhy.explain(model, PICTURES[0], method=methods, target=0):
        assert np.isfinite(one.values).all()
        assert one.values.any()
