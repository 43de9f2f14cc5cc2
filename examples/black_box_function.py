"""Any function that turns images into scores can be explained by the methods that only ask."""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import seewhy

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
out.mkdir(parents=True, exist_ok=True)


def warm_or_cold(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Two scores per image (n, h, w, 3): how warm and how cold its middle third is."""
    height, width = images.shape[1:3]
    middle = images[:, height // 3 : -height // 3, width // 3 : -width // 3]
    warmth = (middle[..., 0] - middle[..., 2]).mean(axis=(1, 2))
    return np.stack([warmth, -warmth], axis=1)


model = seewhy.adapt(
    warm_or_cold,
    takes="array",
    labels=["warm", "cold"],
    preprocess=seewhy.Preprocess.of(size=96, mean=(0.0,) * 3, std=(1.0,) * 3),
)
print(*(line for line in str(model.offers).splitlines() if "off:" not in line), sep="\n")

explanation = seewhy.explain(model, seewhy.photo("coffee"), method="occlusion", window=16, stride=16, baseline="grey")
print(explanation.summary())
explanation.overlay(view="contour").save(out / "warm.png")
