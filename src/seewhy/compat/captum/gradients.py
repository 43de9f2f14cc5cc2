"""Captum's gradient methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from ...domain.baseline import Sample
from ...domain.evidence import Evidence
from ...engine.bending import rectified_gradients
from ...engine.probe import Probe
from ...registry import find_method
from ..asking import Reading, refuse
from .attribution import Attribution, images_of, like, limit_of, with_delta
from .channelwise import baselines_of, stacked

OWN_LINE = "leave it out, or multiply and divide in your own code."


class Saliency(Attribution):
    """`saliency`; signed with abs=False."""

    method = "saliency"

    def attribute(
        self, inputs: Tensor, target: Any = None, abs: bool = True, additional_forward_args: Any = None
    ) -> Tensor:
        """The gradient of the output at each value of the input, its size only unless abs=False."""
        reading: Any = self.method if abs else gradient
        return like(self._ask(inputs, target, additional_forward_args, method=reading).values, inputs)


class InputXGradient(Attribution):
    """`input-x-gradient` with a baseline of 0."""

    method = "input-x-gradient"

    def attribute(self, inputs: Tensor, target: Any = None, additional_forward_args: Any = None) -> Tensor:
        """The input times its gradient."""
        found = self._ask(inputs, target, additional_forward_args, baselines=baselines_of(None, inputs))
        return like(found.values, inputs)


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
            baselines=baselines_of(baselines, inputs), steps=n_steps, tolerance=0.0,
            limit=limit_of(internal_batch_size),
        )  # fmt: skip
        return with_delta(found, inputs, return_convergence_delta)


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
        drawn = images_of(baselines() if callable(baselines) else baselines)
        found = self._ask(
            inputs, target, additional_forward_args,
            baselines=[Sample(stacked(drawn).detach().cpu().numpy())], samples=n_samples,
        )  # fmt: skip
        return with_delta(found, inputs, return_convergence_delta)


class GuidedBackprop(Attribution):
    """`guided-backprop`, also behind functional activations; signed, as Captum's."""

    method, sloped = "guided-backprop", True

    def attribute(self, inputs: Tensor, target: Any = None, additional_forward_args: Any = None) -> Tensor:
        """The gradient with negative parts left out at each activation on the way back."""
        reading = _rectified(self.method, self.sloped)
        return like(self._ask(inputs, target, additional_forward_args, method=reading).values, inputs)


class Deconvolution(GuidedBackprop):
    """`deconvnet`; signed, as Captum's."""

    method, sloped = "deconvnet", False


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
        return with_delta(found, inputs, return_convergence_delta)


def gradient(probe: Probe) -> Evidence:
    return Evidence(probe.gradients().sum(dim=1))


def _rectified(method: str, sloped: bool) -> Reading:
    """The signed signal whose size the method shows."""
    find_method(method)

    def reading(probe: Probe) -> Evidence:
        slopes, notes = rectified_gradients(probe, sloped=sloped)
        return Evidence(slopes.sum(dim=1), notes=notes)

    return reading
