"""Captum's methods that read a layer."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from ..asking import ask, refuse, targets_of
from .attribution import ALONE, images_of
from .gradients import GuidedBackprop


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
        images, options = images_of(inputs), {"layer": self.layer, "sign": "positive" if relu_attributions else "both"}
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
