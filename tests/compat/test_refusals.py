"""What the shims cannot do is refused in two lines, and importing them needs no other library."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from models.image_networks import build, pictures
from seewhy.compat import captum, grad_cam
from seewhy.errors import BadOption, BadTarget, SeewhyError, SeewhyWarning, UnknownClass, UnknownOption

IMAGES = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(1024, 3)).eval()


def test_the_shims_import_neither_captum_nor_pytorch_grad_cam() -> None:
    code = "import sys, seewhy.compat.captum, seewhy.compat.grad_cam;" + (
        "sys.exit(bool({'captum', 'pytorch_grad_cam', 'cv2', 'torchvision'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    (captum.Saliency, {"additional_forward_args": (1,)}, "additional_forward_args"),
    (captum.IntegratedGradients, {"method": "riemann_left"}, "method"),
    (captum.IntegratedGradients, {"baselines": torch.zeros(1, 3, 8, 8)}, "baselines"),
    (captum.IntegratedGradients, {"baselines": (0, 0)}, "baselines"),
    (captum.IntegratedGradients, {"internal_batch_size": 0}, "batch size"),
    (captum.Occlusion, {"sliding_window_shapes": (8, 8)}, "do not fit"),
    (captum.Occlusion, {"sliding_window_shapes": (3, 8, 8), "show_progress": True}, "show_progress"),
    (captum.ShapleyValueSampling, {"feature_mask": torch.zeros(16, 16).long()}, "feature mask"),
    (captum.KernelShap, {"return_input_shape": False}, "return_input_shape"),
    (captum.KernelShap, {"feature_mask": torch.arange(256).reshape(1, 1, 16, 16), "n_samples": 25}, "too few"),
]


@pytest.mark.parametrize(("kind", "options", "words"), REFUSED)
def test_an_option_without_meaning_is_refused_and_never_ignored(kind: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(BadOption, match=words) as refused:
        kind(network()).attribute(IMAGES, target=0, **options)
    assert refused.value.fix


@pytest.mark.parametrize(
    "made",
    [
        lambda net: captum.IntegratedGradients(net, multiply_by_inputs=False),
        lambda net: captum.Lime(net, similarity_func=len),
        lambda net: captum.LayerGradCam(net, net[0], device_ids=[0]),
        lambda net: grad_cam.GradCAM(net, [net[0]], reshape_transform=len),
        lambda net: grad_cam.GradCAM(net, []),
        lambda net: grad_cam.GradCAM(net, [net[0]])(IMAGES, eigen_smooth=True),
        lambda net: captum.LayerGradCam(net, net[0]).attribute(IMAGES, attribute_to_layer_input=True),
        lambda net: captum.NoiseTunnel(captum.Saliency(net)).attribute(IMAGES, nt_type="median"),
        lambda net: grad_cam.show_cam_on_image(np.full((4, 4, 3), 9.0), np.zeros((4, 4))),
        lambda net: grad_cam.show_cam_on_image(np.zeros((4, 4, 3)), np.zeros((4, 4)), colormap=2),
    ],
)
def test_what_has_no_counterpart_is_refused_with_a_next_step(made: Any) -> None:
    with pytest.raises(BadOption) as refused:
        made(network())
    assert refused.value.fix


def test_an_option_that_the_method_does_not_have_is_refused_by_name() -> None:
    net = network()
    with pytest.raises(UnknownOption, match="ratio"):
        grad_cam.GradCAM(net, [net[0]], ratio=0.5)(IMAGES)


@pytest.mark.parametrize("inputs", [(IMAGES,), IMAGES[0], IMAGES[:, :, None], "photo.jpg"])
def test_inputs_that_are_no_batch_of_images_are_refused(inputs: Any) -> None:
    with pytest.raises(BadOption, match="These inputs are"):
        captum.Saliency(network()).attribute(inputs, target=0)


@pytest.mark.parametrize(("target", "error"), [([0], BadTarget), ([(0, 1), (1, 0)], BadTarget), (7, UnknownClass)])
def test_targets_that_do_not_fit_are_refused(target: Any, error: type[SeewhyError]) -> None:
    with pytest.raises(error):
        captum.Saliency(network()).attribute(IMAGES, target=target)
    if not isinstance(target, int):
        net = network()
        with pytest.raises(error):
            grad_cam.GradCAM(net, [net[0]])(IMAGES, target)


def test_too_few_samples_are_said_and_not_hidden_in_a_tensor() -> None:
    mask = (torch.arange(16)[:, None] // 4 * 4 + torch.arange(16) // 4)[None, None]
    with pytest.warns(SeewhyWarning, match="95% band") as said:
        captum.Lime(network()).attribute(IMAGES[:1], target=0, feature_mask=mask, n_samples=40)
    assert said[0].filename == __file__  # at the person's own line


def test_a_map_of_zeros_is_said() -> None:
    net = network()
    with torch.no_grad():
        net[3].weight.zero_()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert not captum.InputXGradient(net).attribute(IMAGES, target=0).any()
    assert any("zero everywhere" in str(each.message) for each in said)


def test_a_network_that_answers_differently_each_time_is_said() -> None:
    class Restless(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.mean(dim=(2, 3)) * (1 + torch.rand(()))

    with pytest.warns(SeewhyWarning, match="got another answer"):
        captum.InputXGradient(Restless()).attribute(IMAGES, target=0)


def test_functions_bound_methods_and_their_models_state_are_as_before() -> None:
    net = network().train()
    expected = captum.Saliency(net).attribute(IMAGES, target=1)
    for forward in (lambda images: net(images), net.forward):
        torch.testing.assert_close(captum.Saliency(forward).attribute(IMAGES, target=1), expected)
    assert net.training
    assert all(p.grad is None and p.requires_grad for p in net.parameters())


def test_the_memory_options_bound_every_call_and_change_no_value() -> None:
    sizes: list[int] = []

    class Counted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = network()

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            sizes.append(len(images))
            return self.inner(images)

    ig = captum.IntegratedGradients(Counted())
    free = ig.attribute(IMAGES, target=0, n_steps=16)
    assert max(sizes) > 4
    sizes.clear()
    torch.testing.assert_close(ig.attribute(IMAGES, target=0, n_steps=16, internal_batch_size=4), free)
    assert max(sizes) <= 4


def test_the_result_has_the_type_of_the_inputs() -> None:
    found = captum.Saliency(network()).attribute(IMAGES.double(), target=0)
    assert found.dtype == torch.float64
    assert found.shape == IMAGES.shape


def test_a_vision_transformer_needs_no_reshape_function() -> None:
    vit, images = build("timm ViT"), pictures("timm ViT")
    layer = vit.blocks[2].norm1
    found = grad_cam.GradCAM(vit, [layer])(images, [grad_cam.ClassifierOutputTarget(0)] * len(images))
    assert found.shape == (len(images), *images.shape[2:])
    assert found.max() == pytest.approx(1.0)
    assert captum.LayerGradCam(vit, layer).attribute(images, target=0).shape == (len(images), 1, 4, 4)


@pytest.mark.parametrize("kind", [captum.Saliency, captum.IntegratedGradients, captum.InputXGradient])
def test_a_resnet_with_reused_in_place_relus_works(kind: Any) -> None:
    torch.manual_seed(0)
    network, images = torchvision.models.resnet18(num_classes=3), torch.rand(2, 3, 64, 64)
    options = {"n_steps": 4} if kind is captum.IntegratedGradients else {}
    found = kind(network).attribute(images, target=[0, 2], **options)
    assert found.shape == images.shape
    assert found.any()
