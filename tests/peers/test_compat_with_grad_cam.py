"""The same call to pytorch-grad-cam and to our shim: the same maps, where pytorch-grad-cam is right."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import pytorch_grad_cam as peer
import torch
from peer_networks import IMAGES, TARGET, network
from pytorch_grad_cam.utils.image import show_cam_on_image as their_overlay
from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget, ClassifierOutputTarget

from seewhy.compat import grad_cam as shim
from seewhy.errors import SeewhyWarning, UnknownClass
from seewhy.registry import load_all

TARGETS = [shim.ClassifierOutputTarget(TARGET), shim.ClassifierOutputTarget(1)]
THEIRS = [ClassifierOutputTarget(TARGET), ClassifierOutputTarget(1)]
# class, our method, largest difference; they add 1e-7 to the largest value of a map, and 1e-6 in Grad-CAM++
SAME = [
    ("GradCAM", "grad-cam", 5e-3),
    ("GradCAMPlusPlus", "grad-cam++", 5e-3),
    ("LayerCAM", "layer-cam", 1e-4),
    ("HiResCAM", "hires-cam", 1e-3),
    ("XGradCAM", "xgrad-cam", 1e-3),
]
# where conventions differ: ablation weights, the baseline of Score-CAM, the sign of EigenCAM, the classes compared
OTHERS = [
    ("EigenCAM", "eigen-cam"),
    ("EigenGradCAM", "eigen-grad-cam"),
    ("AblationCAM", "ablation-cam"),
    ("ScoreCAM", "score-cam"),
    ("FEM", "fem"),
    ("FinerCAM", "finer-cam"),
]


def needs(method: str) -> None:
    if method not in load_all():
        pytest.skip(f"the method {method} is not registered yet")


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("layers", [("second",), ("act1", "act2")])
@pytest.mark.parametrize(("name", "method", "tolerance"), SAME)
def test_the_same_call_gives_the_same_maps(
    name: str, method: str, tolerance: float, layers: tuple[str, ...], smooth: bool
) -> None:
    needs(method)
    model, other = network(), network()
    with getattr(shim, name)(model=model, target_layers=[getattr(model, layer) for layer in layers]) as cam:
        found = cam(input_tensor=IMAGES, targets=TARGETS, aug_smooth=smooth)
    theirs = getattr(peer, name)(model=other, target_layers=[getattr(other, layer) for layer in layers])
    expected = theirs(input_tensor=IMAGES, targets=THEIRS, aug_smooth=smooth)
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, atol=tolerance)


@pytest.mark.parametrize(("name", "method"), OTHERS)
def test_methods_with_another_convention_keep_the_call_and_the_scaling(name: str, method: str) -> None:
    needs(method)
    model = network()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeewhyWarning)  # nothing sets the second class apart
        found = getattr(shim, name)(model=model, target_layers=[model.act2])(IMAGES, TARGETS)
    assert found.shape == (2, 32, 32)
    assert found.min() >= 0
    assert found.max() == pytest.approx(1.0)


def test_full_grad_keeps_the_call_and_says_that_it_reads_no_layer() -> None:
    needs("full-grad")
    model = network()
    with pytest.warns(SeewhyWarning, match="target_layers is not used"):
        cam = shim.FullGrad(model=model, target_layers=[model.act2])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeewhyWarning)  # where biases lie that have no place in the image
        found = cam(IMAGES, TARGETS)
    assert found.shape == (2, 32, 32)
    assert found.max() == pytest.approx(1.0)


def test_without_targets_the_predicted_class_is_explained_as_theirs() -> None:
    model, other = network(), network()
    found = shim.GradCAM(model, [model.act2])(IMAGES)
    np.testing.assert_allclose(found, peer.GradCAM(other, [other.act2])(IMAGES, None), atol=1e-3)


def test_their_own_targets_are_understood() -> None:
    model, other = network(), network()
    soft = [ClassifierOutputSoftmaxTarget(TARGET), ClassifierOutputSoftmaxTarget(0)]
    np.testing.assert_allclose(
        shim.GradCAM(model, [model.second])(IMAGES, soft), peer.GradCAM(other, [other.second])(IMAGES, soft), atol=5e-3
    )
    np.testing.assert_array_equal(
        shim.GradCAM(model, [model.second])(IMAGES, THEIRS), shim.GradCAM(model, [model.second])(IMAGES, TARGETS)
    )


def test_theirs_swallows_a_class_that_does_not_exist_and_the_shim_raises() -> None:
    model, other = network(), network()
    with peer.GradCAM(other, [other.act2]) as cam:
        cam(IMAGES, [ClassifierOutputTarget(99)] * 2)  # prints, and goes on behind the block
    with pytest.raises(UnknownClass), shim.GradCAM(model, [model.act2]) as cam:
        cam(IMAGES, [shim.ClassifierOutputTarget(99)] * 2)


def test_a_map_on_a_photo_has_their_shape_type_and_channel_order() -> None:
    photo = np.zeros((8, 8, 3), dtype=np.float32)
    mask = np.zeros((8, 8), dtype=np.float32)
    mask[:, 4:] = 1.0
    for rgb in (False, True):
        ours, theirs = (draw(photo, mask, use_rgb=rgb) for draw in (shim.show_cam_on_image, their_overlay))
        assert ours.shape == theirs.shape
        assert ours.dtype == theirs.dtype
        warm, cold = (0, 2) if rgb else (2, 0)
        assert ours[0, 7, warm] > ours[0, 7, cold]
        assert theirs[0, 7, warm] > theirs[0, 7, cold]


def test_a_batch_on_another_type_than_the_model_s_is_cast_and_the_model_is_as_before() -> None:
    model = network().train()
    found = shim.GradCAM(model, [model.act2])(IMAGES.double(), TARGETS)
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.from_numpy(found).isfinite().all()
