"""Captum's call shapes: `from seewhy.compat.captum import Saliency` instead of `from captum.attr import Saliency`."""

from .features import FeatureAblation, KernelShap, Lime, Occlusion, ShapleyValueSampling
from .gradients import (
    Deconvolution,
    DeepLift,
    GradientShap,
    GuidedBackprop,
    InputXGradient,
    IntegratedGradients,
    Saliency,
)
from .layers import GuidedGradCam, LayerAttribution, LayerGradCam
from .noise import NoiseTunnel

__all__ = [
    "Deconvolution",
    "DeepLift",
    "FeatureAblation",
    "GradientShap",
    "GuidedBackprop",
    "GuidedGradCam",
    "InputXGradient",
    "IntegratedGradients",
    "KernelShap",
    "LayerAttribution",
    "LayerGradCam",
    "Lime",
    "NoiseTunnel",
    "Occlusion",
    "Saliency",
    "ShapleyValueSampling",
]
