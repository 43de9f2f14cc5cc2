"""What the flags of the folder view measure on ordinary pictures, where nothing is wrong: those of scikit-image.

For each method the least, median and largest value of single maps, how many would be flagged, and the same of the
prototypes when all pictures are taken for one class. Needs the `demo` extra; takes some minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import skimage.data

import seewhy
from seewhy.run.prototypes import FLAT, IN_CORNER, IN_RING, evenness, in_corners, in_ring, prototypes

PICTURES = [
    "astronaut", "brick", "camera", "cell", "chelsea", "coffee", "coins", "color", "grass", "gravel", "horse",
    "hubble_deep_field", "ihc", "logo", "microaneurysms", "moon", "motorcycle_left", "page", "phantom", "retina",
    "rocket", "text",
]  # fmt: skip
METHODS = {
    "grad-cam": {},
    "layer-cam": {},
    "occlusion": {},
    "saliency": {},
    "integrated-gradients": {"steps": 16, "tolerance": 0.0},
}
VALUES: dict[str, tuple[float, Callable[[np.ndarray], float]]] = {
    "corner": (IN_CORNER, lambda share: max(in_corners(share).values())),
    "border": (IN_RING, in_ring),
    "spread": (FLAT, evenness),
}


def files() -> list[Path]:
    """The pictures of scikit-image that this installation has."""
    folder = Path(skimage.data.__file__).parent
    return [file for name in PICTURES for file in folder.glob(f"{name}.*") if file.suffix in (".png", ".jpg")]


def shares(method: str) -> np.ndarray:
    """The map of each picture for its own predicted class, as the folder view keeps it."""
    found = []
    for file in files():
        one = seewhy.overview("efficientnet-lite0", str(file), method=method, checks="quick", **METHODS[method])
        found += [prototype.map for view in one.classes for prototype in view.prototypes]
    return np.array(found)


def main(methods: list[str]) -> None:
    for method in methods:
        maps = shares(method)
        groups = [group.map for group in prototypes(maps, 3)]
        for name, (limit, value) in VALUES.items():
            each = np.array([value(share) for share in maps])
            told = (
                f"{each.min():.2f} {np.median(each):.2f} {each.max():.2f}  flagged {(each >= limit).sum()}/{len(each)}"
            )
            together = ", ".join(f"{value(share):.2f}" for share in groups)
            print(f"{method:22} {name:7} from {limit:.2f}: {told}; prototypes {together}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or list(METHODS))
