"""How the picture on each method page is made; told in its caption."""

from __future__ import annotations

from typing import Any

# The bundled network has none.
ATTENTION = (
    "attention-flow",
    "attention-rollout",
    "attention-x-value-norm",
    "gradient-attention",
    "legrad",
    "raw-attention",
    "token-tm",
)
CLIPS = ("first-frames", "frame-shapley", "motion-energy", "temporal-mask", "temporal-occlusion")  # need a clip
UNTRAINED = "timm:vit_tiny_patch16_224"
OPTIONS: dict[str, dict[str, Any]] = {  # cheaper than the defaults where these take minutes
    "banzhaf": {"regions": "superpixels:30", "samples": 400},
    "debiased-rise": {"samples": 600},
    "hsic": {"samples": 600},
    "d-rise": {"samples": 600},
    "extremal-perturbation": {"steps": 60},
    "kernel-shap": {"regions": "superpixels:30", "samples": 400},
    "lime": {"regions": "superpixels:30", "samples": 400},
    "permutation-shapley": {"regions": "superpixels:20", "samples": 24},
    "rise": {"samples": 600},
    "score-cam": {"groups": 64},
    "shapley-interactions": {"regions": "grid:4", "samples": 400},
    "sobol": {"regions": "grid:7", "samples": 16},
}


def caption(method: str) -> str:
    """What the picture shows, and of which network."""
    if method in CLIPS:
        return "A made clip in which a disc changes for three frames, and a small network that has learned to see it."
    if method in ATTENTION:
        return (
            "An untrained vision transformer (random weights; the bundled network has no attention):"
            " the picture shows the form of the map, its content means nothing."
        )
    words = ", ".join(f"{name}={value}" for name, value in OPTIONS.get(method, {}).items()) or "default options"
    return f"EfficientNet-Lite0, the predicted class, {words}. The hatched border is what it did not see."
