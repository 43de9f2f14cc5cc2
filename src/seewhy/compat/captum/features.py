"""Captum's methods that take features away: windows, or the parts of a feature mask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from ..asking import refuse
from .attribution import Attribution, like, limit_of
from .channelwise import baselines_of, regions_of, windows_of

SILENT = "leave it out; seewhy.explain(..., progress=...) reports progress."


class Occlusion(Attribution):
    """`occlusion` with windows of any sides, over channels too."""

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
            baselines=baselines_of(baselines, inputs), limit=limit_of(perturbations_per_eval, inputs),
            **windows_of(sliding_window_shapes, strides, inputs),
        )  # fmt: skip
        return like(found.values, inputs)


class Features(Attribution):
    """Methods that take away or bring in features: the parts of a mask, or each value by itself."""

    def _features(
        self, inputs: Tensor, baselines: Any, target: Any, extra: Any, mask: Any, evals: int | None, progress: bool,
        **options: Any,
    ) -> Tensor:  # fmt: skip
        refuse("show_progress", progress, SILENT, neutral=False)
        found = self._ask(
            inputs, target, extra,
            baselines=baselines_of(baselines, inputs), regions=regions_of(mask, inputs),
            limit=limit_of(evals, inputs), **options,
        )  # fmt: skip
        return like(found.values, inputs)


class FeatureAblation(Features):
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


class ShapleyValueSampling(Features):
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


class KernelShap(Features):
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
