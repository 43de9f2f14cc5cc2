"""The same call to Captum and to our shim: the same tensor, where Captum is right."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from captum import attr
from peer_networks import IMAGES, TARGET, cells, network

from seewhy.compat import captum as shim
from seewhy.errors import SeewhyWarning
from seewhy.registry import load_all

EACH = torch.tensor([TARGET, 1])
WINDOWS = {"sliding_window_shapes": (3, 8, 8), "strides": (3, 4, 4)}
THIN = {"sliding_window_shapes": (1, 8, 4), "strides": (1, 8, 4), "perturbations_per_eval": 16}
MASK = {"feature_mask": cells(4), "perturbations_per_eval": 4}
EXACT: list[tuple[str, dict[str, Any], str]] = [  # class, its options, our method
    ("Saliency", {}, "saliency"),
    ("Saliency", {"abs": False}, "saliency"),
    ("InputXGradient", {}, "input-x-gradient"),
    ("IntegratedGradients", {"n_steps": 12}, "integrated-gradients"),
    ("IntegratedGradients", {"n_steps": 12, "baselines": 0.5, "internal_batch_size": 3}, "integrated-gradients"),
    ("IntegratedGradients", {"n_steps": 12, "baselines": IMAGES.flip(0)}, "integrated-gradients"),
    ("IntegratedGradients", {"n_steps": 12, "baselines": IMAGES[:1] / 2}, "integrated-gradients"),
    ("Occlusion", WINDOWS, "occlusion"),
    ("Occlusion", {**WINDOWS, "baselines": 0.3, "perturbations_per_eval": 5}, "occlusion"),
    ("Occlusion", THIN, "region-ablation"),
    ("FeatureAblation", MASK, "region-ablation"),
    ("FeatureAblation", {**MASK, "baselines": IMAGES.flip(0)}, "region-ablation"),
    ("GuidedBackprop", {}, "guided-backprop"),
    ("Deconvolution", {}, "deconvnet"),
    ("DeepLift", {}, "deep-lift"),
    ("DeepLift", {"baselines": IMAGES.flip(0)}, "deep-lift"),
]


def needs(method: str) -> None:
    if method not in load_all():
        pytest.skip(f"the method {method} is not registered yet")


def theirs(name: str, *made_with: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = getattr(attr, name)(network(), *made_with).attribute(IMAGES.clone(), target=EACH, **options)
    return found.detach() if isinstance(found, torch.Tensor) else found


def assert_close(found: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-5) -> None:
    assert found.shape == expected.shape
    torch.testing.assert_close(found, expected, rtol=0, atol=tolerance * float(expected.abs().max()))


@pytest.mark.parametrize(("name", "options", "method"), EXACT)
def test_the_same_call_gives_the_same_tensor(name: str, options: dict[str, Any], method: str) -> None:
    needs(method)
    found = getattr(shim, name)(network()).attribute(IMAGES, target=EACH, **options)
    assert_close(found, theirs(name, **options), 1e-4 if name == "DeepLift" else 1e-5)


@pytest.mark.parametrize(
    ("name", "method"), [("IntegratedGradients", "integrated-gradients"), ("DeepLift", "deep-lift")]
)
def test_the_convergence_delta_is_captum_s(name: str, method: str) -> None:
    needs(method)
    options = {"n_steps": 3} if name == "IntegratedGradients" else {}
    values, delta = getattr(shim, name)(network()).attribute(
        IMAGES, target=EACH, return_convergence_delta=True, **options
    )
    _, expected = theirs(name, return_convergence_delta=True, **options)
    assert values.shape == IMAGES.shape
    torch.testing.assert_close(delta, expected.detach().to(delta), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("layer", ["second", "act2"])
def test_layer_grad_cam_is_captum_s_and_so_is_its_enlargement(layer: str, relu: bool) -> None:
    model = network()
    found = shim.LayerGradCam(model, getattr(model, layer)).attribute(IMAGES, target=EACH, relu_attributions=relu)
    other = network()
    cam = attr.LayerGradCam(other, getattr(other, layer))
    expected = cam.attribute(IMAGES, target=EACH, relu_attributions=relu).detach()
    assert_close(found, expected)
    sizes = (32, 32), "bilinear"
    assert_close(shim.LayerAttribution.interpolate(found, *sizes), attr.LayerAttribution.interpolate(expected, *sizes))


def test_guided_grad_cam_is_captum_s() -> None:
    needs("guided-backprop")
    model, other = network(), network()
    found = shim.GuidedGradCam(model, model.second).attribute(IMAGES, target=EACH)
    expected = attr.GuidedGradCam(other, other.second).attribute(IMAGES.clone(), target=EACH).detach()
    assert_close(found, expected, 1e-4)


@pytest.mark.parametrize(
    ("name", "method"), [("ShapleyValueSampling", "permutation-shapley"), ("KernelShap", "kernel-shap")]
)
def test_sampled_features_are_captum_s_within_both_errors(name: str, method: str) -> None:
    torch.manual_seed(0)
    options = {"feature_mask": cells(3), "baselines": 0.5, "perturbations_per_eval": 16, "n_samples": 200}
    found = getattr(shim, name)(network()).attribute(IMAGES, target=EACH, **options)
    assert_close(found, theirs(name, **{**options, "n_samples": 600}), 0.08)


def test_expected_gradients_are_captum_s_gradient_shap_within_both_errors() -> None:
    needs("expected-gradients")
    torch.manual_seed(0)
    dark = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 0.2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeewhyWarning)
        found = shim.GradientShap(network()).attribute(IMAGES, dark, n_samples=300, target=EACH)
    expected = theirs("GradientShap", baselines=dark, n_samples=300)
    assert float(torch.corrcoef(torch.stack([found.flatten(), expected.flatten()]))[0, 1]) > 0.97


@pytest.mark.parametrize("kind", ["smoothgrad", "smoothgrad_sq", "vargrad"])
def test_a_noise_tunnel_is_captum_s_within_its_own_error(kind: str) -> None:
    torch.manual_seed(0)
    options = {"nt_type": kind, "nt_samples": 120, "stdevs": 0.1, "abs": False}
    found = shim.NoiseTunnel(shim.Saliency(network())).attribute(IMAGES, target=EACH, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tunnel = attr.NoiseTunnel(attr.Saliency(network()))
        expected = tunnel.attribute(IMAGES, target=EACH, nt_samples_batch_size=50, **options)
    assert float(torch.corrcoef(torch.stack([found.flatten(), expected.flatten()]))[0, 1]) > 0.95


def test_a_network_of_probabilities_is_explained_on_its_raw_output_as_captum_does() -> None:
    soft = torch.nn.Sequential(network(), torch.nn.Softmax(dim=1))
    expected = attr.InputXGradient(soft).attribute(IMAGES.clone().requires_grad_(), target=EACH).detach()
    assert_close(shim.InputXGradient(soft).attribute(IMAGES, target=EACH), expected)


def test_captum_s_deep_lift_misses_a_functional_relu_and_the_shim_does_not() -> None:
    needs("deep-lift")

    class Functional(type(network())):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.head(self.flatten(torch.relu(self.second(torch.relu(self.first(images))))))

    model = Functional().eval()
    found, delta = shim.DeepLift(model).attribute(IMAGES, target=EACH, return_convergence_delta=True)
    assert_close(found, theirs("DeepLift"), 1e-4)  # of the same network with modules
    torch.testing.assert_close(delta, torch.zeros(2), rtol=0, atol=1e-4)
