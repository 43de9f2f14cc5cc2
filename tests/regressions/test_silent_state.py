"""Silent failures around the model itself: its state, its wrappers, its outputs, its neighbours in the batch."""

from __future__ import annotations

import copy
import gc
import weakref

import numpy as np
import pytest
import torch
from failing_networks import PICTURES, InPlace, Noisy, Small, Wrapped
from torch import nn

import seewhy
from seewhy.errors import BadTarget, ModelFailed, UnknownClass

GREY = {"baseline": seewhy.Colour(0.5)}
METHODS = {
    "grad-cam": {"sign": "both"},
    "saliency": {},
    "integrated-gradients": {"steps": 4},
    "smooth-grad": {"samples": 4},
    "occlusion": {"window": 16, "stride": 16, **GREY},
    "lime": {"regions": seewhy.Grid(3), "samples": 40, **GREY},
}


def maps(model: object, images: torch.Tensor, **options: object) -> list[np.ndarray]:
    """The maps of all methods for one image."""
    return [one.values for one in seewhy.explain(model, images, method=METHODS, **options)]


def assert_alike(found: list[np.ndarray], expected: list[np.ndarray], rtol: float = 1e-4) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=rtol * np.abs(other).max())


def test_fewer_targets_than_images_are_refused_and_not_filled_with_zero_maps() -> None:
    with pytest.raises(BadTarget, match="1 targets were given for 3 inputs"):
        seewhy.explain(Small(), PICTURES, method="grad-cam", target=[0])


def test_every_image_of_a_batch_gets_its_own_target() -> None:
    batch = seewhy.explain(Small(), PICTURES, method="saliency", target=[2, 0, 1])
    for image, target, found in zip(PICTURES, (2, 0, 1), batch, strict=True):
        alone = seewhy.explain(Small(), image, method="saliency", target=target)
        assert found.target.index == target
        np.testing.assert_allclose(found.values, alone.values, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("target", [4, -1, "7", "cat"])
def test_a_class_that_does_not_exist_raises_instead_of_printing(target: int | str) -> None:
    with pytest.raises(UnknownClass):
        seewhy.explain(Small(), PICTURES[0], method="grad-cam", target=target)


def test_a_neighbour_in_the_batch_never_changes_a_map() -> None:
    bright = torch.stack([PICTURES[0], 50 * PICTURES[1], PICTURES[2]])
    for name, options in METHODS.items():
        together = seewhy.explain(Small(), bright, method=name, target=1, **options)
        alone = seewhy.explain(Small(), PICTURES[0], method=name, target=1, **options)
        np.testing.assert_allclose(together[0].values, alone.values, rtol=1e-4, atol=1e-6 * np.abs(alone.values).max())


def test_a_batch_of_many_gives_one_map_each_and_all_differ() -> None:
    found = seewhy.explain(Small(), torch.rand(20, 3, 32, 32), method="layer-cam")
    assert len({one.values.tobytes() for one in found}) == 20


def test_frozen_parameters_change_nothing() -> None:
    frozen = Small()
    for parameter in frozen.parameters():
        parameter.requires_grad_(False)
    assert_alike(maps(frozen, PICTURES[0]), maps(Small(), PICTURES[0]), rtol=1e-6)
    assert not any(parameter.requires_grad for parameter in frozen.parameters())


def test_functional_and_module_activations_give_the_same_maps() -> None:
    modules = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(8, 12, 3, 2, 1), nn.ReLU(True)
    )
    functional = Small()
    modules = nn.Sequential(*modules, nn.Flatten(), copy.deepcopy(functional.head))
    modules[0].load_state_dict(functional.first.state_dict())
    modules[2].load_state_dict(functional.second.state_dict())
    with_modules = maps(modules, PICTURES[0], target=1)
    expected = maps(functional, PICTURES[0], target=1)
    assert_alike(with_modules[1:], expected[1:])  # the CAM reads behind the activation, where there is a module
    same_layer = seewhy.explain(modules, PICTURES[0], method="grad-cam", layer="2", sign="both", target=1)
    np.testing.assert_allclose(same_layer.values, expected[0], atol=1e-6)


def test_train_mode_adds_no_noise_and_is_given_back_flag_by_flag() -> None:
    network = Noisy().train()
    network.body[1].eval()
    flags, state = [part.training for part in network.modules()], copy.deepcopy(network.state_dict())
    first, second = maps(network, PICTURES[0]), maps(network, PICTURES[0])
    assert_alike(first, second, rtol=0)
    assert_alike(first, maps(Noisy().eval(), PICTURES[0]), rtol=1e-6)
    assert [part.training for part in network.modules()] == flags
    for name, value in network.state_dict().items():
        assert torch.equal(value, state[name]), name


def test_no_gradient_hook_or_flag_is_left_on_the_model() -> None:
    network = Noisy().train()
    kept = torch.ones_like(network.head.weight)
    network.head.weight.grad = kept
    maps(network, PICTURES[0])
    assert network.head.weight.grad is kept
    assert torch.equal(kept, torch.ones_like(kept))
    assert all(p.grad is None and p.requires_grad for p in network.parameters() if p is not network.head.weight)
    assert not any(part._forward_hooks or part._forward_pre_hooks or part._backward_hooks for part in network.modules())


def test_the_model_is_given_back_when_it_raises_half_way() -> None:
    class Raises(Noisy):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            if len(images) > 2:  # neither the dry run nor the prediction
                raise ValueError("no more")
            return super().forward(images)

    network = Raises().train()
    with pytest.raises(ModelFailed, match="no more"):
        seewhy.explain(network, PICTURES[0], method="occlusion", window=4, stride=4, backend="plain")
    assert all(part.training for part in network.modules())
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_the_global_random_state_is_not_touched() -> None:
    network = Small()
    torch.manual_seed(5)
    np.random.seed(5)
    before, other = torch.get_rng_state(), np.random.get_state()[1].copy()
    maps(network, PICTURES[0])
    assert torch.equal(torch.get_rng_state(), before)
    assert (np.random.get_state()[1] == other).all()


@pytest.mark.parametrize("form", ["tuple", "dict", "named", "list"])
def test_scores_are_found_in_tuples_dicts_and_output_objects(form: str) -> None:
    assert_alike(maps(Wrapped(form), PICTURES[0], target=1), maps(Small(), PICTURES[0], target=1), rtol=1e-6)


def test_data_parallel_and_compiled_wrappers_are_looked_through() -> None:
    expected = maps(Small(), PICTURES[0])
    assert_alike(maps(nn.DataParallel(Small()), PICTURES[0]), expected, rtol=1e-6)
    assert_alike(maps(torch.compile(Small(), backend="eager"), PICTURES[0]), expected, rtol=1e-5)


def test_a_layer_is_read_also_when_the_model_was_compiled_and_run_before() -> None:
    network = Small().eval()
    network.compile(backend="eager")
    with torch.no_grad():
        network(PICTURES)
    found = seewhy.explain(network, PICTURES[0], method="grad-cam", sign="both", layer="second")
    expected = seewhy.explain(Small(), PICTURES[0], method="grad-cam", sign="both", layer="second")
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-5, atol=1e-7)


def test_a_bfloat16_network_is_explained_with_float32_maps() -> None:
    half = seewhy.explain(Small().bfloat16(), PICTURES[0], method=METHODS, target=1)
    full = maps(Small(), PICTURES[0], target=1)
    for one, other in zip(half, full, strict=True):
        assert one.values.dtype == np.float32
        assert one.origin.dtype == "bfloat16"
        if one.origin.method in ("grad-cam", "integrated-gradients"):
            assert np.corrcoef(one.values.ravel(), other.ravel())[0, 1] > 0.95


def test_nothing_is_kept_between_explanations() -> None:
    network = InPlace()
    alive = weakref.ref(network)
    counts = []
    for _ in range(4):
        maps(network, PICTURES[0])
        gc.collect()
        counts.append(sum(isinstance(thing, torch.Tensor) for thing in gc.get_objects()))
    assert counts[-1] <= counts[1] + 2
    del network
    gc.collect()
    assert alive() is None


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an accelerator")
def test_the_accelerator_gives_the_maps_of_the_processor() -> None:
    assert_alike(maps(Small().cuda(), PICTURES[0], target=1), maps(Small(), PICTURES[0], target=1), rtol=2e-3)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_gradients_are_found_inside_no_grad_and_inference_mode(mode: type) -> None:
    expected = maps(Small(), PICTURES[0], target=1)
    network = Small()
    with mode():
        found = maps(network, PICTURES[0], target=1)
    assert_alike(found, expected, rtol=1e-6)


def test_an_autocast_of_the_caller_does_not_lower_the_precision() -> None:
    network = Small()
    with torch.autocast("cpu", torch.bfloat16):
        found = maps(network, PICTURES[0], target=1)
    assert_alike(found, maps(Small(), PICTURES[0], target=1), rtol=1e-5)


def test_a_single_output_that_is_taken_for_a_probability_is_said_to_be() -> None:
    class OneLogit(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return 8 * images.mean(dim=(1, 2, 3))[:, None] - 4

    guessed, clear = torch.full((3, 32, 32), 0.55), torch.full((3, 32, 32), 0.9)  # answers 0.4 and 3.2
    options = {"method": "occlusion", "window": 16, "stride": 16, "target": 0, "scale": "probability"}
    found = seewhy.explain(OneLogit(), [guessed, clear], baseline=seewhy.Colour(0.0), **options)
    assert found[0].target.score == pytest.approx(0.4, abs=1e-4)
    assert found[1].target.score == pytest.approx(1 / (1 + np.exp(-3.2)), abs=1e-4)
    assert [any(check.name == "scale" for check in one.checks) for one in found] == [True, False]
