"""Taking away regions and channels: Captum's FeatureAblation, pytorch-grad-cam's AblationCAM, and where that is off."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from captum.attr import FeatureAblation
from peer_networks import IMAGES, TARGET, network, unit
from pytorch_grad_cam import AblationCAM
from pytorch_grad_cam.ablation_layer import AblationLayer
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

import seewhy

RINGS = (torch.stack(torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")) - 15.5).abs().amax(0).int() // 4


@pytest.mark.parametrize("grey", [0.0, 0.5])
def test_region_ablation_is_captum_s_feature_ablation_for_regions_of_any_shape(grey: float) -> None:
    options = {"feature_mask": RINGS[None, None].long(), "baselines": grey, "perturbations_per_eval": 3}
    theirs = FeatureAblation(network()).attribute(IMAGES[:1], target=TARGET, **options)[0, 0].numpy()
    asked = {"regions": seewhy.Given(RINGS.numpy()), "baseline": seewhy.Colour(grey), "target": TARGET}
    found = seewhy.explain(network(), IMAGES[0], method="region-ablation", scale="logit", **asked)
    np.testing.assert_allclose(found.heatmap(), theirs, atol=2e-6)


def of_pytorch_grad_cam(model: nn.Module, layer: str, target: int) -> tuple[np.ndarray, np.ndarray]:
    """The weights of the channels, and the map before it is enlarged."""
    cam = AblationCAM(model=model, target_layers=[getattr(model, layer)], ablation_layer=AblationLayer())
    cam.get_target_width_height = lambda _: None
    kept: list[np.ndarray] = []
    weigh = cam.get_cam_weights
    cam.get_cam_weights = lambda *given: kept.append(weigh(*given)) or kept[-1]
    found = cam(input_tensor=IMAGES[:1], targets=[ClassifierOutputTarget(target)])[0]
    return kept[-1][0], found


def drops(model: nn.Module, layer: str, target: int) -> tuple[np.ndarray, np.ndarray]:
    """What the score loses without each channel, one call after the other, and the channels."""
    part, kept = getattr(model, layer), []
    with torch.no_grad():
        handle = part.register_forward_hook(lambda _m, _i, out: kept.append(out.clone()))
        whole = float(model(IMAGES[:1])[0, target])
        handle.remove()
        lost = []
        for channel in range(kept[0].shape[1]):
            keep = torch.ones(kept[0].shape[1])
            keep[channel] = 0
            handle = part.register_forward_hook(lambda _m, _i, out, keep=keep: out * keep[:, None, None])
            lost.append(whole - float(model(IMAGES[:1])[0, target]))
            handle.remove()
    return np.array(lost), kept[0][0].double().numpy()


def ours(model: nn.Module, layer: str, target: int, sign: str) -> np.ndarray:
    asked = {"layer": layer, "target": target, "sign": sign, "scale": "logit"}
    return seewhy.explain(model, IMAGES[0], method="ablation-cam", **asked).values


def class_of(sign: int, model: nn.Module) -> int:
    """A class whose score has this sign."""
    with torch.no_grad():
        return int((sign * model(IMAGES[:1])[0]).argmax())


@pytest.mark.parametrize("layer", ["second", "act2"])
def test_ablation_cam_is_that_of_pytorch_grad_cam_where_the_score_is_positive_and_a_relu_follows(layer: str) -> None:
    model = network()
    target = class_of(1, model)
    _, theirs = of_pytorch_grad_cam(model, layer, target)
    np.testing.assert_allclose(unit(ours(network(), layer, target, "positive")), theirs, atol=1e-4)


def test_pytorch_grad_cam_turns_the_map_round_where_the_score_is_negative_and_ours_does_not() -> None:
    model = network()
    target = class_of(-1, model)
    weights, _ = of_pytorch_grad_cam(model, "act2", target)
    lost, features = drops(network(), "act2", target)
    assert np.corrcoef(weights, lost)[0, 1] < -0.999  # divided by a negative score
    found = ours(network(), "act2", target, "both")
    np.testing.assert_allclose(found, np.einsum("k,kyx->yx", lost, features), rtol=1e-3, atol=1e-5)


class Bare(nn.Module):
    """A layer whose features are negative here and there, read without a rectifier."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.conv = nn.Conv2d(3, 4, 4, stride=4)
        self.head = nn.Linear(4, 3)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.conv(images).mean(dim=(2, 3)))


def test_pytorch_grad_cam_sets_channels_to_ever_lower_numbers_where_features_are_negative_and_ours_to_zero() -> None:
    model = Bare().eval()
    target = class_of(1, model)
    weights, _ = of_pytorch_grad_cam(model, "conv", target)
    head = model.head.weight[target].detach().double().numpy()
    lost, features = drops(Bare().eval(), "conv", target)
    np.testing.assert_allclose(lost, head * features.mean(axis=(1, 2)), atol=1e-6)
    # the minimum is taken again for each row of the batch, rows that were lowered before included
    with torch.no_grad():
        score = float(model(IMAGES[:1])[0, target])
    np.testing.assert_allclose(weights * score, head * 1e7 * np.arange(1, 5), rtol=1e-3)
    np.testing.assert_allclose(
        ours(Bare().eval(), "conv", target, "both"), np.einsum("k,kyx->yx", lost, features), rtol=1e-3, atol=1e-6
    )


def test_pytorch_grad_cam_leaves_its_own_layer_in_a_network_that_raises_and_ours_is_given_back() -> None:
    class RaisesOnMany(nn.Module):
        """Cannot answer about more than two images at once."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = network()

        def forward(self, images: Tensor) -> Tensor:
            if len(images) > 2:
                raise RuntimeError("too many")
            return self.inner(images)

    model = RaisesOnMany().eval()
    cam = AblationCAM(model=model, target_layers=[model.inner.act2], ablation_layer=AblationLayer())
    with pytest.raises(RuntimeError, match="too many"):
        cam(input_tensor=IMAGES[:1], targets=[ClassifierOutputTarget(TARGET)])
    assert isinstance(model.inner.act2, AblationLayer)
    other = RaisesOnMany().eval()
    with pytest.raises(seewhy.errors.SeewhyError):
        seewhy.explain(other, IMAGES[0], method="ablation-cam", layer="inner.act2", target=TARGET)
    assert isinstance(other.inner.act2, nn.ReLU)
    assert not any("forward" in vars(part) or part._forward_hooks for part in other.modules())
