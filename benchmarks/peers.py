"""Ours against the peers in one process, interleaved: seconds of processor time, and the ratio peer / ours.

Needs the `dev` extra. Parameters are frozen, which peers profit from; Captum runs with its default and with a better
batch setting. The maps are the same within rounding; the tests in tests/peers show that.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import torchvision_shim  # noqa: F401

# isort: split
from captum import attr
from pytorch_grad_cam import AblationCAM, GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torchcam.methods import GradCAM as TorchGradCAM
from torchvision import models

import seewhy

Call = Callable[[], object]
TARGET = 7
GRID = seewhy.Grid(7)


def cases(network: nn.Module, images: Tensor) -> Iterator[tuple[str, str, Call, Call]]:
    """(what, peer and its setting, ours, theirs)."""
    batch = len(images)
    model = seewhy.adapt(network, preprocess=seewhy.Preprocess.plain())
    labels = [TARGET] * batch

    def ours(method: str, **options: object) -> Call:
        return lambda: seewhy.explain(model, images, method=method, target=labels, checks="quick", **options)

    leaf = images.clone().requires_grad_()
    yield "saliency", "captum", ours("saliency"), lambda: attr.Saliency(network).attribute(leaf, target=TARGET)
    gradients, nodes = attr.IntegratedGradients(network), {"n_steps": 16, "method": "gausslegendre"}
    for size in (None, 4 * batch):
        setting = "default" if size is None else f"internal_batch_size={size}"
        yield (
            "integrated gradients 16", f"captum {setting}", ours("integrated-gradients", steps=16, tolerance=0.0),
            lambda s=size: gradients.attribute(images, target=TARGET, internal_batch_size=s, **nodes),
        )  # fmt: skip
    layer = network.layer4 if hasattr(network, "layer4") else network.features
    targets = [ClassifierOutputTarget(TARGET)] * batch
    cam = GradCAM(model=network, target_layers=[layer])
    yield "grad-cam", "pytorch-grad-cam", ours("grad-cam"), lambda: cam(input_tensor=leaf, targets=targets)
    extractor = TorchGradCAM(network, layer)
    yield "grad-cam", "torchcam", ours("grad-cam"), lambda: extractor(labels, network(leaf))
    yield (
        "grad-cam",
        "captum",
        ours("grad-cam"),
        lambda: attr.LayerGradCam(network, layer).attribute(images, target=TARGET),
    )
    if batch > 1:
        return
    if hasattr(network, "layer4"):
        ablation = AblationCAM(model=network, target_layers=[layer])
        yield "ablation-cam", "pytorch-grad-cam", ours("ablation-cam"), lambda: ablation(leaf, targets)
    for size in (1, 16):
        yield (
            "occlusion 32/16", f"captum perturbations_per_eval={size}", ours("occlusion", baseline="black"),
            lambda s=size: attr.Occlusion(network).attribute(
                images, sliding_window_shapes=(3, 32, 32), strides=(3, 16, 16), target=TARGET, perturbations_per_eval=s
            ),
        )  # fmt: skip
    mask = GRID.of(images[0]).labels
    for size in (1, 16):
        yield (
            "kernel-shap 200 on 49", f"captum perturbations_per_eval={size}",
            ours("kernel-shap", regions=GRID, samples=200, tolerance=0.0, baseline="black"),
            lambda s=size: attr.KernelShap(network).attribute(
                images, feature_mask=mask[None, None], n_samples=200, target=TARGET, perturbations_per_eval=s
            ),
        )  # fmt: skip


def timed(call: Call) -> float:
    started = time.process_time()
    call()
    return time.process_time() - started


def main(rounds: int, names: list[str], wanted: list[str]) -> None:
    """Print a table in Markdown; ratios are medians over interleaved rounds."""
    torch.set_num_threads(1)
    print("| network | batch | what | peer | ours s | peer s | peer / ours |\n|---|---|---|---|---|---|---|")
    for name in names:
        compare(name, rounds, wanted)


def built(name: str) -> nn.Module:
    """A network with random weights, or the bundled one with its own."""
    if name == "efficientnet-lite0":
        return seewhy.adapt(name).module
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return models.get_model(name).eval()


def compare(name: str, rounds: int, wanted: list[str]) -> None:
    """The rows of one network, restricted to what was asked for."""
    network = built(name)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    for batch in (1, 8):
        images = torch.rand(batch, 3, 224, 224, generator=torch.Generator().manual_seed(1))
        for what, peer, ours, theirs in cases(network, images):
            if wanted and not any(word in f"{what} {peer}" for word in wanted):
                continue
            ours(), theirs()
            pairs = [(timed(ours), timed(theirs)) for _ in range(rounds)]
            mine, other = (median(column) for column in zip(*pairs, strict=True))
            ratio = median(b / a for a, b in pairs)
            print(f"| {name} | {batch} | {what} | {peer} | {mine:.3f} | {other:.3f} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=3)
    parser.add_argument("--networks", nargs="+", default=["resnet18"])
    parser.add_argument("--only", nargs="+", default=[], help="words of the rows to run, such as 'occlusion'")
    asked = parser.parse_args()
    main(asked.rounds, asked.networks, asked.only)
