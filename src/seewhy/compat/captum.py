"""Captum's call shapes: `from seewhy.compat.captum import Saliency` instead of `from captum.attr import Saliency`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..domain.baseline import Baseline, Sample
from ..domain.evidence import Evidence
from ..domain.ranges import whole
from ..engine.game import gather
from ..engine.probe import Probe
from ..errors import BadOption
from .asking import Reading, ask, refuse, targets_of
from .channelwise import Channelwise, baselines_of, regions_of, stacked, windows_of

ALONE = "make it part of the function: lambda images: model(images, extra)."
SILENT = "leave it out; seewhy.explain(..., progress=...) reports progress."
OWN_LINE = "leave it out, or multiply and divide in your own code."


class Attribution:
    """One method behind Captum's `attribute`; answers tensors in the shape of the inputs."""

    method = ""

    def __init__(self, forward_func: Callable[..., Any]) -> None:
        self.forward_func = forward_func
        self._networks: dict[object, Channelwise] = {}  # kept, so that calling again costs no second dry run

    def _ask(
        self,
        inputs: Tensor,
        target: Any,
        additional_forward_args: Any,
        *,
        method: str | Reading = "",
        baselines: Sequence[Baseline] = (),
        regions: Sequence[Any] = (),
        limit: int | None = None,
        **options: Any,
    ) -> Evidence:
        """All images together, or one by one where each has its own baseline or feature mask."""
        images = _images(inputs)
        refuse("additional_forward_args", additional_forward_args, ALONE)
        place, targets = (images.device, images.dtype), targets_of(target, len(images))
        network = self._networks.setdefault(place, Channelwise(self.forward_func, images))
        asked, found = method or self.method, []
        single = max(len(baselines), len(regions)) <= 1
        for i in range(1 if single else len(images)):
            own = {name: each[min(i, len(each) - 1)] for name, each in _given(baseline=baselines, regions=regions)}
            rows = slice(None) if single else slice(i, i + 1)
            found.append(ask(network, stacked(images[rows]), asked, targets[rows], options | own, limit=limit))
        return gather(found)


class Saliency(Attribution):
    """`saliency`; signed with abs=False."""

    method = "saliency"

    def attribute(
        self, inputs: Tensor, target: Any = None, abs: bool = True, additional_forward_args: Any = None
    ) -> Tensor:
        """The gradient of the output at each value of the input, its size only unless abs=False."""
        reading: Any = self.method if abs else _gradient
        return _like(self._ask(inputs, target, additional_forward_args, method=reading).values, inputs)


class InputXGradient(Attribution):
    """`input-x-gradient` with a baseline of 0."""

    method = "input-x-gradient"

    def attribute(self, inputs: Tensor, target: Any = None, additional_forward_args: Any = None) -> Tensor:
        """The input times its gradient."""
        found = self._ask(inputs, target, additional_forward_args, baselines=baselines_of(None, inputs))
        return _like(found.values, inputs)


class IntegratedGradients(Attribution):
    """`integrated-gradients` on Gauss–Legendre nodes."""

    method = "integrated-gradients"

    def __init__(self, forward_func: Callable[..., Any], multiply_by_inputs: bool = True) -> None:
        super().__init__(forward_func)
        refuse("multiply_by_inputs", multiply_by_inputs, OWN_LINE, neutral=True)

    def attribute(
        self,
        inputs: Tensor,
        baselines: Any = None,
        target: Any = None,
        additional_forward_args: Any = None,
        n_steps: int = 50,
        method: str = "gausslegendre",
        internal_batch_size: int | None = None,
        return_convergence_delta: bool = False,
    ) -> Any:
        """(input - baseline) times the mean gradient between them, and what its sum is off by if asked for."""
        refuse("method", method, "use method='gausslegendre': it needs the fewest steps.", neutral="gausslegendre")
        found = self._ask(
            inputs, target, additional_forward_args,
            baselines=baselines_of(baselines, inputs), steps=n_steps, limit=_limit(internal_batch_size),
        )  # fmt: skip
        return _with_delta(found, inputs, return_convergence_delta)


class GradientShap(Attribution):
    """`expected-gradients`; one delta per image."""

    method = "expected-gradients"

    def __init__(self, forward_func: Callable[..., Any], multiply_by_inputs: bool = True) -> None:
        super().__init__(forward_func)
        refuse("multiply_by_inputs", multiply_by_inputs, OWN_LINE, neutral=True)

    def attribute(
        self,
        inputs: Tensor,
        baselines: Any,
        n_samples: int = 5,
        stdevs: float = 0.0,
        target: Any = None,
        additional_forward_args: Any = None,
        return_convergence_delta: bool = False,
    ) -> Any:
        """Gradients at random points between the baselines and the input, times their difference."""
        refuse("stdevs", stdevs, "leave it out, or wrap this in NoiseTunnel.", neutral=0.0)
        drawn = _images(baselines() if callable(baselines) else baselines)
        found = self._ask(
            inputs, target, additional_forward_args,
            baselines=[Sample(stacked(drawn).detach().cpu().numpy())], samples=n_samples,
        )  # fmt: skip
        return _with_delta(found, inputs, return_convergence_delta)


class GuidedBackprop(Attribution):
    """`guided-backprop`, also behind functional activations."""

    method = "guided-backprop"

    def attribute(self, inputs: Tensor, target: Any = None, additional_forward_args: Any = None) -> Tensor:
        """The gradient with negative parts left out at each activation on the way back."""
        return _like(self._ask(inputs, target, additional_forward_args).values, inputs)


class Deconvolution(GuidedBackprop):
    """`deconvnet`."""

    method = "deconvnet"


class DeepLift(Attribution):
    """`deep-lift`."""

    method = "deep-lift"

    def __init__(self, model: Callable[..., Any], multiply_by_inputs: bool = True, eps: float = 1e-10) -> None:
        super().__init__(model)
        refuse("multiply_by_inputs", multiply_by_inputs, OWN_LINE, neutral=True)
        refuse("eps", eps, "leave it out.", neutral=1e-10)

    def attribute(
        self,
        inputs: Tensor,
        baselines: Any = None,
        target: Any = None,
        additional_forward_args: Any = None,
        return_convergence_delta: bool = False,
        custom_attribution_func: Any = None,
    ) -> Any:
        """Differences from the baseline, handed back through each activation by the rescale rule."""
        refuse("custom_attribution_func", custom_attribution_func, "apply it to the result.")
        found = self._ask(inputs, target, additional_forward_args, baselines=baselines_of(baselines, inputs))
        return _with_delta(found, inputs, return_convergence_delta)


class Occlusion(Attribution):
    """`occlusion` for square windows over all channels, otherwise `region-ablation`."""

    method = "occlusion"

    def attribute(
        self,
        inputs: Tensor,
        sliding_window_shapes: tuple[int, ...],
        strides: int | tuple[int, ...] | None = None,
        baselines: Any = None,
        target: Any = None,
        additional_forward_args: Any = None,
        perturbations_per_eval: int | None = None,
        show_progress: bool = False,
    ) -> Tensor:
        """The mean drop of the output over the windows that cover each value."""
        refuse("show_progress", show_progress, SILENT, neutral=False)
        found = self._ask(
            inputs, target, additional_forward_args,
            baselines=baselines_of(baselines, inputs), limit=_limit(perturbations_per_eval, inputs),
            **windows_of(sliding_window_shapes, strides, inputs),
        )  # fmt: skip
        return _like(found.values, inputs)


class _Features(Attribution):
    """Methods that take away or bring in features: the parts of a mask, or each value by itself."""

    def _features(
        self, inputs: Tensor, baselines: Any, target: Any, extra: Any, mask: Any, evals: int | None, progress: bool,
        **options: Any,
    ) -> Tensor:  # fmt: skip
        refuse("show_progress", progress, SILENT, neutral=False)
        found = self._ask(
            inputs, target, extra,
            baselines=baselines_of(baselines, inputs), regions=regions_of(mask, inputs),
            limit=_limit(evals, inputs), **options,
        )  # fmt: skip
        return _like(found.values, inputs)


class FeatureAblation(_Features):
    """`region-ablation`."""

    method = "region-ablation"

    def attribute(
        self,
        inputs: Tensor,
        baselines: Any = None,
        target: Any = None,
        additional_forward_args: Any = None,
        feature_mask: Tensor | None = None,
        perturbations_per_eval: int | None = None,
        show_progress: bool = False,
    ) -> Tensor:
        """The drop of the output without each feature."""
        rest = additional_forward_args, feature_mask, perturbations_per_eval, show_progress
        return self._features(inputs, baselines, target, *rest)


class ShapleyValueSampling(_Features):
    """`permutation-shapley`; orders come in pairs, so an odd number is rounded up."""

    method = "permutation-shapley"

    def attribute(
        self,
        inputs: Tensor,
        baselines: Any = None,
        target: Any = None,
        additional_forward_args: Any = None,
        feature_mask: Tensor | None = None,
        n_samples: int = 25,
        perturbations_per_eval: int | None = None,
        show_progress: bool = False,
    ) -> Tensor:
        """What each feature adds when features arrive in random orders; stops early once precise."""
        rest = additional_forward_args, feature_mask, perturbations_per_eval, show_progress
        return self._features(inputs, baselines, target, *rest, samples=n_samples + n_samples % 2)


class KernelShap(_Features):
    """`kernel-shap`; a convergence that is poor is said as a warning."""

    method = "kernel-shap"

    def attribute(
        self,
        inputs: Tensor,
        baselines: Any = None,
        target: Any = None,
        additional_forward_args: Any = None,
        feature_mask: Tensor | None = None,
        n_samples: int = 25,
        perturbations_per_eval: int | None = None,
        return_input_shape: bool = True,
        show_progress: bool = False,
    ) -> Tensor:
        """A number per feature by a regression on sampled coalitions; stops early once precise."""
        refuse("return_input_shape", return_input_shape, "read one value per feature off the result.", neutral=True)
        rest = additional_forward_args, feature_mask, perturbations_per_eval, show_progress
        return self._features(inputs, baselines, target, *rest, samples=n_samples + n_samples % 2)


class Lime(KernelShap):
    """`lime` as it was published: ridge of 1 and the cosine kernel of width 0.25, not Captum's lasso."""

    method = "lime"

    def __init__(
        self,
        forward_func: Callable[..., Any],
        interpretable_model: Any = None,
        similarity_func: Any = None,
        perturb_func: Any = None,
    ) -> None:
        super().__init__(forward_func)
        refuse("interpretable_model", interpretable_model, "leave it out: a ridge regression is fitted.")
        refuse("similarity_func", similarity_func, "leave it out: the published kernel is used.")
        refuse("perturb_func", perturb_func, "leave it out: features are kept by coin flips.")


class LayerAttribution:
    """What layer methods share: enlarging their maps."""

    @staticmethod
    def interpolate(
        layer_attribution: Tensor, interpolate_dims: int | tuple[int, ...], interpolate_mode: str = "nearest"
    ) -> Tensor:
        """The map of a layer at the size of the input."""
        return functional.interpolate(layer_attribution, interpolate_dims, mode=interpolate_mode)


class LayerGradCam(LayerAttribution):
    """`grad-cam` with both signs, or with relu_attributions the positive one; token models need no reshaping."""

    def __init__(self, forward_func: nn.Module, layer: nn.Module | str, device_ids: Any = None) -> None:
        self.forward_func, self.layer = forward_func, layer
        refuse("device_ids", device_ids, "leave it out: the model stays where it is.")

    def attribute(
        self,
        inputs: Tensor,
        target: Any = None,
        additional_forward_args: Any = None,
        attribute_to_layer_input: bool = False,
        relu_attributions: bool = False,
        attr_dim_summation: bool = True,
        grad_kwargs: Any = None,
    ) -> Tensor:
        """The layer's map (b, 1, *grid)."""
        refuse("additional_forward_args", additional_forward_args, ALONE)
        refuse("attribute_to_layer_input", attribute_to_layer_input, "name the layer before it.", neutral=False)
        refuse("attr_dim_summation", attr_dim_summation, "leave it out: channels are summed up.", neutral=True)
        refuse("grad_kwargs", grad_kwargs, "leave it out.")
        images, options = _images(inputs), {"layer": self.layer, "sign": "positive" if relu_attributions else "both"}
        found = ask(self.forward_func, images, "grad-cam", targets_of(target, len(images)), options)
        return found.values.unsqueeze(1).to(inputs)


class GuidedGradCam:
    """`guided-backprop` times the positive `grad-cam`, enlarged."""

    def __init__(self, model: nn.Module, layer: nn.Module | str, device_ids: Any = None) -> None:
        self.guided, self.cam = GuidedBackprop(model), LayerGradCam(model, layer, device_ids)

    def attribute(
        self,
        inputs: Tensor,
        target: Any = None,
        additional_forward_args: Any = None,
        interpolate_mode: str = "nearest",
        attribute_to_layer_input: bool = False,
    ) -> Tensor:
        """Guided gradients where the layer speaks for the target."""
        coarse = self.cam.attribute(inputs, target, additional_forward_args, attribute_to_layer_input, True)
        weight = LayerAttribution.interpolate(coarse, tuple(inputs.shape[2:]), interpolate_mode)
        return weight * self.guided.attribute(inputs, target, additional_forward_args)


class NoiseTunnel:
    """Another method of this module on noisy copies; `smooth-grad` does it with error bars."""

    def __init__(self, attribution_method: Any) -> None:
        self.attribution_method = attribution_method

    def attribute(
        self,
        inputs: Tensor,
        nt_type: str = "smoothgrad",
        nt_samples: int = 5,
        nt_samples_batch_size: int | None = None,
        stdevs: float = 1.0,
        draw_baseline_from_distrib: bool = False,
        **kwargs: Any,  # of the method inside, as Captum hands them on
    ) -> Tensor:
        """Mean, mean square or variance over copies with noise of this standard deviation; always the same noise."""
        whole("nt_samples", nt_samples)
        _limit(nt_samples_batch_size)  # one copy is asked at a time: no batch is larger
        refuse("draw_baseline_from_distrib", draw_baseline_from_distrib, "give one baseline.", neutral=False)
        refuse(
            "return_convergence_delta", kwargs.pop("return_convergence_delta", False), "leave it out.", neutral=False
        )
        generator = torch.Generator().manual_seed(0)
        total, squares = torch.zeros_like(inputs), torch.zeros_like(inputs)
        for _ in range(nt_samples):
            noise = torch.randn(inputs.shape, generator=generator).to(inputs) * stdevs
            found = self.attribution_method.attribute(inputs + noise, **kwargs)
            total, squares = total + found / nt_samples, squares + found**2 / nt_samples
        answers = {"smoothgrad": total, "smoothgrad_sq": squares, "vargrad": squares - total**2}
        if nt_type not in answers:
            raise BadOption(f"nt_type={nt_type!r} is not possible.", fix=f"give one of: {', '.join(answers)}.")
        return answers[nt_type]


def _gradient(probe: Probe) -> Evidence:
    return Evidence(probe.gradients().sum(dim=1))


def _images(inputs: Any) -> Tensor:
    if isinstance(inputs, Tensor) and inputs.ndim == 4:
        return inputs
    got = f"a tensor of shape {tuple(inputs.shape)}" if isinstance(inputs, Tensor) else f"a {type(inputs).__name__}"
    raise BadOption(f"These inputs are {got}.", fix="give one tensor (b, c, h, w); clips go to seewhy.explain.")


def _like(values: Tensor, inputs: Tensor) -> Tensor:
    return values.to(inputs)


def _with_delta(found: Evidence, inputs: Tensor, wanted: bool) -> Any:
    values = _like(found.values, inputs)
    if not wanted:
        return values
    if found.total is None or found.explained is None:
        raise BadOption("This method has no convergence delta here.", fix="leave return_convergence_delta out.")
    return values, _like(found.total - found.explained, inputs)


def _limit(count: int | None, inputs: Tensor | None = None) -> int | None:
    """Images that one model call may carry; Captum counts perturbations per image of the batch."""
    if count is None:
        return None
    whole("the batch size", count)
    return count * (1 if inputs is None else len(inputs))


def _given(**lists: Sequence[Any]) -> list[tuple[str, Sequence[Any]]]:
    return [(name, each) for name, each in lists.items() if each]
