"""Explainers of other libraries, as they are meant to be called, with what their papers or pages claim."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..domain.regions import grid_labels
from ..errors import BadOption, MissingPackage, near
from .setting import Setting

Ask = Callable[..., Any]  # (name, network, images, targets, setting, **options) -> maps


@dataclass(frozen=True)
class Peer:
    """One explainer of another library."""

    ask: Ask
    claims: tuple[str, ...] = ()
    axes: tuple[int, ...] = (2, 3)
    samples: bool = False

    def named(self, name: str) -> Peer:
        return Peer(partial(self.ask, name), self.claims, self.axes, self.samples)

    def with_options(self, options: Mapping[str, Any]) -> Ask:
        return partial(self.ask, **options)


def peer_of(library: str, name: str) -> Peer:
    """The peer of that name; the library is imported."""
    known, package = LIBRARIES[library], PACKAGES[library]
    if name not in known:
        problem = f"No explainer {name!r} of {library} is known here.{near(name, known)}"
        raise BadOption(problem, fix=f"choose among: {', '.join(f'{library}:{one}' for one in known)}.")
    try:
        importlib.import_module(package)
    except (ImportError, RuntimeError) as error:  # torchvision built for another torch raises the latter
        raise MissingPackage(f"{library}:{name} needs the package {package}.", fix=f"pip install {library}") from error
    return known[name].named(name)


# -- captum


def _captum(name: str, network: nn.Module, images: Tensor, targets: list[int], setting: Setting, **options: Any) -> Any:
    return _attr(name)(network).attribute(images, target=targets, **options).sum(dim=1)


def _captum_path(
    name: str, network: nn.Module, images: Tensor, targets: list[int], setting: Setting, **options: Any
) -> Any:
    return _captum(name, network, images, targets, setting, **{"n_steps": 64, **options})


def _captum_gradient_shap(
    name: str, network: nn.Module, images: Tensor, targets: list[int], setting: Setting, **options: Any
) -> Any:
    given = {"n_samples": setting.samples, "baselines": torch.zeros_like(images[:1]), **options}
    return _captum(name, network, images, targets, setting, **given)


def _captum_occlusion(
    name: str, network: nn.Module, images: Tensor, targets: list[int], setting: Setting, **options: Any
) -> Any:
    shape = (images.shape[1], *[setting.side(_space(images))] * (images.ndim - 2))
    given = {"sliding_window_shapes": shape, "strides": shape, **options}
    return _attr(name)(network).attribute(images, target=targets, **given)[:, 0]  # the same for each channel


def _captum_parts(
    name: str, network: nn.Module, images: Tensor, targets: list[int], setting: Setting, **options: Any
) -> Any:
    given = {"feature_mask": _labels(images, setting)[None, None], **options}
    return _attr(name)(network).attribute(images, target=targets, **given)[:, 0]


def _captum_samples(
    name: str, network: nn.Module, images: Tensor, targets: list[int], setting: Setting, **options: Any
) -> Any:
    given = {"n_samples": setting.samples, "perturbations_per_eval": 64, **options}
    maps = [
        _captum_parts(name, network, image[None], [target], setting, **given)
        for image, target in zip(images, targets, strict=True)
    ]
    return torch.cat(maps)


def _captum_orders(
    name: str, network: nn.Module, images: Tensor, targets: list[int], setting: Setting, **options: Any
) -> Any:
    parts = int(_labels(images, setting).max()) + 1  # an order asks about each part once
    given = {"n_samples": max(1, setting.samples // parts), **options}
    return _captum_parts(name, network, images, targets, setting, **given)


def _captum_layer(
    name: str, network: nn.Module, images: Tensor, targets: list[int], setting: Setting, **options: Any
) -> Any:
    from captum.attr import LayerAttribution

    _, layer = _last_map(network, images)
    given = {"relu_attributions": True, **options}
    maps = _attr(name)(network, layer).attribute(images, target=targets, **given)
    return LayerAttribution.interpolate(maps, _space(images), "bilinear")[:, 0]


def _attr(name: str) -> Any:
    return getattr(importlib.import_module("captum.attr"), name)


# -- pytorch-grad-cam and TorchCAM


def _grad_cam(
    name: str, network: nn.Module, images: Tensor, targets: list[int], setting: Setting, **options: Any
) -> Any:
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    kind = getattr(importlib.import_module("pytorch_grad_cam"), name)
    _, layer = _last_map(network, images)
    with kind(model=network, target_layers=[layer]) as cam:
        return cam(input_tensor=images, targets=[ClassifierOutputTarget(target) for target in targets], **options)


def _torchcam(
    name: str, network: nn.Module, images: Tensor, targets: list[int], setting: Setting, **options: Any
) -> Any:
    kind = getattr(importlib.import_module("torchcam.methods"), name)
    layer, _ = _last_map(network, images)
    with kind(network, target_layer=layer, **options) as extract:
        scores = network(images.clone().requires_grad_())
        (maps,) = extract(targets, scores)
    mode = "bilinear" if images.ndim == 4 else "trilinear"
    return functional.interpolate(maps.detach()[:, None].float(), size=_space(images), mode=mode)[:, 0]


# -- shap and lime


def _shap_network(
    name: str, network: nn.Module, images: Tensor, targets: list[int], setting: Setting, **options: Any
) -> Any:
    given = {"nsamples": setting.samples, "rseed": setting.seed} if name == "GradientExplainer" else {}
    explainer = _shap(name)(network, torch.zeros(2, *images.shape[1:]))
    found = np.asarray(explainer.shap_values(images, **{**given, **options}))  # (b, c, *space, outputs)
    return np.stack([row[..., target].sum(axis=0) for row, target in zip(found, targets, strict=True)])


def _shap_kernel(
    name: str, network: nn.Module, images: Tensor, targets: list[int], setting: Setting, **options: Any
) -> Any:
    def values(answers: Ask, parts: int) -> Any:
        given = {"nsamples": setting.samples, "l1_reg": 0, "silent": True, **options}
        return _shap(name)(answers, np.zeros((1, parts))).shap_values(np.ones((1, parts)), **given)

    return _by_presence(values, network, images, targets, setting)


def _shap_orders(
    name: str, network: nn.Module, images: Tensor, targets: list[int], setting: Setting, **options: Any
) -> Any:
    def values(answers: Ask, parts: int) -> Any:
        explainer = _shap(name)(answers, np.zeros((1, parts)), seed=setting.seed)
        orders = max(3, setting.samples // parts)  # fewer are refused: there, back, and the image itself
        return explainer.shap_values(np.ones((1, parts)), **{"npermutations": orders, "silent": True, **options})

    return _by_presence(values, network, images, targets, setting)


def _shap_partition(
    name: str, network: nn.Module, images: Tensor, targets: list[int], setting: Setting, **options: Any
) -> Any:
    import shap

    def answers(shown: Any) -> Any:
        return _scores(network, torch.as_tensor(np.asarray(shown)).movedim(-1, 1).float())

    pictures = images.movedim(1, -1).double().numpy()
    masker = shap.maskers.Image(np.zeros_like(pictures[0]), pictures[0].shape)
    explainer = _shap(name)(answers, masker)
    found = explainer(pictures, **{"max_evals": setting.samples, "batch_size": 64, "silent": True, **options}).values
    return np.stack([row[..., target].sum(axis=-1) for row, target in zip(found, targets, strict=True)])


def _lime(name: str, network: nn.Module, images: Tensor, targets: list[int], setting: Setting, **options: Any) -> Any:
    from lime.lime_image import LimeImageExplainer

    labels = _labels(images, setting).numpy()

    def answers(shown: Any) -> Any:
        return _scores(network, torch.as_tensor(np.stack(shown)).movedim(-1, 1).float())

    def one(image: Tensor, target: int) -> Any:
        given = {"hide_color": 0, "num_samples": setting.samples, "batch_size": 64, **options}
        found = LimeImageExplainer(random_state=setting.seed).explain_instance(
            image.movedim(0, -1).double().numpy(), answers, labels=(target,), top_labels=None,
            segmentation_fn=lambda _: labels, **given,
        )  # fmt: skip
        weights = dict(found.local_exp[target])
        return np.vectorize(lambda part: weights.get(part, 0.0))(labels)

    return np.stack([one(image, target) for image, target in zip(images, targets, strict=True)])


def _by_presence(
    values: Callable[[Ask, int], Any], network: nn.Module, images: Tensor, targets: list[int], setting: Setting
) -> Any:
    """Maps from values of parts, which are asked for as a function of who is present; the absent are black."""
    labels = _labels(images, setting)
    parts = int(labels.max()) + 1

    def one(image: Tensor, target: int) -> Any:
        def answers(present: Any) -> Any:
            masks = torch.as_tensor(np.asarray(present) > 0.5)[:, labels][:, None]
            return _scores(network, image * masks)[:, target]

        return np.asarray(values(answers, parts)).reshape(parts)[labels.numpy()]

    return np.stack([one(image, target) for image, target in zip(images, targets, strict=True)])


def _shap(name: str) -> Any:
    return getattr(importlib.import_module("shap"), name)


def _scores(network: nn.Module, images: Tensor) -> Any:
    with torch.no_grad():
        return network(images).double().numpy()


# -- parts and layers


def _space(images: Tensor) -> tuple[int, ...]:
    return tuple(images.shape[2:])


def _labels(images: Tensor, setting: Setting) -> Tensor:
    space, side = _space(images), setting.side(_space(images))
    return grid_labels(space, tuple(math.ceil(size / side) for size in space))


def _last_map(network: nn.Module, images: Tensor) -> tuple[str, nn.Module]:
    """The last convolution, or the ReLU behind it, as these libraries advise."""
    seen: list[tuple[str, nn.Module]] = []

    def hear(name: str, module: nn.Module, given: Any, output: Tensor) -> None:
        if output.ndim == images.ndim:
            seen.append((name, module))

    kinds = (nn.Conv2d, nn.Conv3d, nn.ReLU)
    found = [(name, module) for name, module in network.named_modules() if isinstance(module, kinds)]
    hooks = [module.register_forward_hook(partial(hear, name)) for name, module in found]
    try:
        with torch.no_grad():
            network(torch.zeros_like(images[:1]))  # not the image: a second look at it would be ours, not theirs
    finally:
        for hook in hooks:
            hook.remove()
    if not any(isinstance(module, nn.Conv2d | nn.Conv3d) for _, module in seen) or _attends(network):
        raise NotImplementedError("it needs a convolutional network")
    return seen[-1]


def _attends(network: nn.Module) -> bool:
    return any(isinstance(module, nn.LayerNorm) for module in network.modules())


def _all(ask: Ask, names: Sequence[str], *claims: str, axes: tuple[int, ...] = (2, 3), samples: bool = False) -> Any:
    return {name: Peer(ask, claims, axes, samples) for name in names}


PACKAGES = {"captum": "captum", "grad-cam": "pytorch_grad_cam", "torchcam": "torchcam", "shap": "shap", "lime": "lime"}
CAPTUM = {
    **_all(_captum_path, ["IntegratedGradients"], "path-integral"),
    **_all(_captum, ["Saliency", "GuidedBackprop", "Deconvolution"], "dummy"),
    **_all(_captum, ["InputXGradient"], "proportional", "dummy", "linear"),
    **_all(_captum, ["DeepLift"], "complete", "sensitive"),
    **_all(_captum_gradient_shap, ["GradientShap"], "complete", "proportional", samples=True),
    **_all(_captum_occlusion, ["Occlusion"], "leave-one-out"),
    **_all(_captum_parts, ["FeatureAblation"], "leave-one-out"),
    **_all(_captum_orders, ["ShapleyValueSampling"], "shapley", "unbiased", samples=True),
    **_all(_captum_samples, ["KernelShap"], "complete", "additive", "unbiased", samples=True),
    **_all(_captum_samples, ["Lime"], samples=True),
    **_all(_captum_layer, ["LayerGradCam"], "class-specific", "pointing"),
}
_CAMS = ("GradCAM", "GradCAMPlusPlus", "XGradCAM", "LayerCAM", "AblationCAM", "ScoreCAM", "EigenGradCAM")
LIBRARIES: dict[str, dict[str, Peer]] = {
    "captum": CAPTUM,
    "grad-cam": {
        **_all(_grad_cam, _CAMS, "class-specific", "pointing"),
        **_all(_grad_cam, ["EigenCAM"]),
        **_all(_grad_cam, ["HiResCAM"], "class-specific", "pointing", "local"),
        **_all(_grad_cam, ["FullGrad"], "pointing"),
    },
    "torchcam": _all(
        _torchcam, ("GradCAM", "GradCAMpp", "SmoothGradCAMpp", "XGradCAM", "LayerCAM", "ScoreCAM"),
        "class-specific", "pointing",
    ),
    "shap": {
        **_all(_shap_network, ["GradientExplainer"], "complete", samples=True),
        **_all(_shap_network, ["DeepExplainer"], "complete"),
        **_all(_shap_kernel, ["KernelExplainer"], "complete", "additive", "unbiased", samples=True),
        **_all(_shap_orders, ["PermutationExplainer"], "shapley", "unbiased", samples=True),
        **_all(_shap_partition, ["PartitionExplainer"], "complete", axes=(2,)),
    },
    "lime": _all(_lime, ["LimeImageExplainer"], axes=(2,), samples=True),
}  # fmt: skip
