"""Metrics beside those of Quantus on the same maps: where both mean the same, the largest difference.

Quantus is no dependency; the first lines of report_card.py say how to give it a virtual environment of its own.

    PYTHONPATH=src ../quantus/bin/python benchmarks/metric_agreement.py
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import torchvision_shim  # noqa: F401

# isort: split
import numpy as np
import quantus
import torch
from torch import Tensor, nn

import seewhy
from seewhy.testing.tiny_models import tiny_cnn

SIDE, IMAGES, TARGET, STEPS = 16, 8, 1, 16
MEAN = 0.5  # of the data: what ours fills with, and 0 to the network
PLAIN = seewhy.Preprocess(mean=(MEAN,), std=(1.0,), channels=1)


def given() -> tuple[nn.Module, Tensor, Tensor, Tensor]:
    """A network of grey images, such images, maps without equal values, and masks."""
    generator = torch.Generator().manual_seed(0)
    network = nn.Sequential(Colours(), tiny_cnn()).eval()
    images = torch.rand(IMAGES, 1, SIDE, SIDE, generator=generator)
    masks = torch.zeros(IMAGES, SIDE, SIDE, dtype=torch.bool)
    masks[:, 4:11, 5:12] = True
    return network, images, torch.rand(IMAGES, SIDE, SIDE, generator=generator), masks


class Colours(nn.Module):
    """A grey image three times: Quantus takes the channels of a pixel for features of their own."""

    def forward(self, images: Tensor) -> Tensor:
        return images.expand(-1, 3, -1, -1)


def ours(network: nn.Module, images: Tensor, maps: Tensor, masks: Tensor) -> Callable[[str, str], np.ndarray]:
    """A line of a metric for each image."""

    def line(name: str, metric: str, **options: float) -> np.ndarray:
        card = seewhy.report_card(
            seewhy.adapt(network, preprocess=PLAIN), images, {"given": maps.numpy()}, metrics={metric: options},
            masks=masks.numpy(), target=TARGET, controls=False,
        )  # fmt: skip
        return card.row(name).values[0]

    return line


def theirs(network: nn.Module, images: Tensor, maps: Tensor, masks: Tensor) -> Callable[..., np.ndarray]:
    """A metric of Quantus for each image."""

    def scores(name: str, **options: object) -> np.ndarray:
        metric = getattr(quantus, name)(disable_warnings=True, **options)
        told = {"a_batch": maps[:, None].numpy(), "s_batch": masks[:, None].numpy(), "device": "cpu"}
        labels = np.full(len(images), TARGET)
        return np.asarray(metric(model=network, x_batch=(images - MEAN).numpy(), y_batch=labels, **told), dtype=float)

    return scores


def area(network: nn.Module, images: Tensor, curves: np.ndarray) -> np.ndarray:
    """The area under curves that leave the whole image out."""
    with torch.no_grad():
        whole = network(images - MEAN).softmax(dim=1)[:, TARGET].numpy()
    return np.trapezoid(np.concatenate([whole[:, None], curves], axis=1), axis=1) / STEPS


def rows() -> Sequence[tuple[str, np.ndarray, np.ndarray]]:
    network, images, _, _ = case = given()
    line, peer = ours(*case), theirs(*case)
    flipped = peer("PixelFlipping", features_in_step=SIDE * SIDE // STEPS, perturb_baseline=0.0)
    return (
        ("sparseness", line("sparseness", "sparseness"), peer("Sparseness", normalise=False)),
        ("relevance rank", line("relevance rank", "relevance-rank"), peer("RelevanceRankAccuracy")),
        ("relevance mass", line("relevance mass", "relevance-mass"), peer("RelevanceMassAccuracy")),
        ("pointing, no reach", line("pointing", "pointing", reach=0.0), peer("PointingGame")),
        (
            "RISE deletion",
            line("RISE deletion", "rise-deletion", steps=STEPS),
            area(network, images, flipped),
        ),
    )


def main() -> None:
    warnings.filterwarnings("ignore")
    print(
        f"| line | images | largest difference from Quantus {quantus.__version__} | mean of ours |\n|---|---|---|---|"
    )
    for name, one, other in rows():
        print(f"| {name} | {len(one)} | {np.abs(one - other).max():.0e} | {one.mean():.3f} |")


if __name__ == "__main__":
    main()
