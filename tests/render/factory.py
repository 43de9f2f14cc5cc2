"""Explanations with known numbers, as the runner would build them, without running a network."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
from PIL import Image

from seewhy.domain.check import Check
from seewhy.domain.cost import Cost
from seewhy.domain.evidence import LayerChoice, Sampling
from seewhy.domain.geometry import Geometry
from seewhy.domain.picture import Picture
from seewhy.domain.prediction import Prediction, Ranked
from seewhy.explanation import Asked, Explanation, Origin, Parts

CHECKS = (
    Check("completeness", "good", "The map adds up to the change of the score within 1 %.", 0.008),
    Check("class-discrimination", "warning", "The map for 'tabby' looks nearly the same (correlation 0.96).", 0.96),
    Check("empty-input", "info", "The model answers 'matchstick' for the all-absent input.", 0.03),
    Check("unsupported-operator", "not run", "The model's operators are not visible."),
)
TOP = (
    Ranked(282, "tiger cat", 0.62, 8.31),
    Ranked(281, "tabby", 0.21, 7.2),
    Ranked(285, "Egyptian cat", 0.09, 6.4),
    Ranked(287, "lynx", 0.03, 5.3),
)


@cache
def photo(name: str = "chelsea.png") -> np.ndarray:
    """A real photo that ships with scikit-image."""
    return np.asarray(Image.open(Path(skimage.data.__file__).parent / name).convert("RGB"))


def crop_geometry(size: tuple[int, int]) -> Geometry:
    """Short side to 256, then the central 224 x 224, as most networks want it."""
    short = min(size)
    new = (round(size[0] * 256 / short), round(size[1] * 256 / short))
    return Geometry.identity(size).resized(new).cropped((new[0] - 224) // 2, (new[1] - 224) // 2, 224, 224)


def blobs(side: int, *places: tuple[float, float, float, float]) -> np.ndarray:
    """Bumps of (y, x, radius, height) on the unit square."""
    y, x = (np.indices((side, side)) + 0.5) / side
    return sum(h * np.exp(-((y - a) ** 2 + (x - b) ** 2) / (2 * r * r)) for a, b, r, h in places).astype(np.float32)


def origin(method: str = "grad-cam", family: str = "activation", **changes: Any) -> Origin:
    fields: dict[str, Any] = {
        "method": method,
        "options": {"layer": None, "relu": True},
        "seed": 0,
        "model": "timm:resnet18",
        "model_fingerprint": "ab12" * 16,
        "image": "chelsea.png",
        "image_digest": "cd34" * 16,
        "versions": {"seewhy": "0.1.0", "torch": "2.13.0", "python": "3.11.2"},
        "device": "cpu",
        "dtype": "float32",
        "precision": "float32",
        "preprocess": {"resize": "short", "size": 256, "crop": [224, 224]},
        "created": "2026-11-21T10:00:00+00:00",
        "family": family,
        "paper": "Selvaraju et al. 2017, arXiv:1610.02391",
    }
    return Origin(**fields | changes)


def explanation(**changes: Any) -> Explanation:
    """A signed coarse map on a landscape photo of which the model saw the middle."""
    pixels = changes.pop("pixels", None)
    pixels = photo() if pixels is None else pixels
    fields: dict[str, Any] = {
        "values": blobs(7, (0.3, 0.35, 0.15, 1.0), (0.75, 0.8, 0.12, -0.5)),
        "signed": True,
        "prediction": Prediction(TOP, "logits", 1000),
        "target": Asked(282, "tiger cat", "logit", 8.31),
        "checks": CHECKS,
        "origin": origin(),
        "cost": Cost(1, 1),
        "geometry": crop_geometry(pixels.shape[:2]),
        "picture": Picture(pixels, "chelsea.png"),
        "layer": LayerChoice("layer4", "the last layer that keeps a map of the image", (512, 7, 7)),
        "seconds": 0.12,
        "check_cost": Cost(3, 1),
    }
    return Explanation(**fields | changes)


def unsigned(**changes: Any) -> Explanation:
    """A pixel-fine map without signs, noisy as gradients are."""
    noise = np.random.default_rng(0).random((224, 224)).astype(np.float32)
    values = (blobs(224, (0.35, 0.4, 0.12, 1.0)) + 0.05) * noise
    fields = {"values": values, "signed": False, "origin": origin("saliency", "gradient", options={}), "layer": None}
    return explanation(**fields | changes)


def with_parts(**changes: Any) -> Explanation:
    """Sixteen squares with sampled Shapley values, error bars and a stopped sampler."""
    labels = (np.indices((224, 224)) // 56 * np.array([4, 1])[:, None, None]).sum(0).astype(np.int32)
    values = blobs(4, (0.3, 0.35, 0.15, 1.0), (0.75, 0.8, 0.12, -0.5)).ravel()
    stderr = np.full(16, 0.02, np.float32)
    fields = {
        "values": values[labels],
        "parts": Parts(values, stderr, 3 * stderr, labels, "grid"),
        "stderr": stderr[labels],
        "band": 3 * stderr[labels],
        "sampling": Sampling(240, "pairs", "budget", halfwidth=0.08, tolerance=0.05),
        "origin": origin(
            "kernel-shap", "shapley", options={"regions": "grid:4", "budget": 480, "samples": None}, seed=3
        ),
        "cost": Cost(482),
        "layer": None,
    }
    return explanation(**fields | changes)


def with_couples(**changes: Any) -> Explanation:
    """Sixteen squares of which the first and the last are worth more together."""
    pairs = np.zeros((16, 16), np.float32)
    pairs[0, 15] = pairs[15, 0] = 0.4
    example = with_parts(origin=origin("shapley-interactions", "shapley", options={"regions": "grid:4"}))
    assert example.parts is not None
    band = np.full((16, 16), 0.1, np.float32)
    return replace(example, parts=replace(example.parts, pairs=pairs, pairs_band=band), **changes)


def asked(example: Explanation, **changes: Any) -> Explanation:
    """The same explanation with another target."""
    return replace(example, target=replace(example.target, **changes))
