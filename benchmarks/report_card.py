"""The report card against its bars: processor time and calls beside Quantus, work around a masked image, peak memory.

Quantus is no dependency and pulls in its own packages: give it a virtual environment that sees this one's packages.

    python3 -m venv ../quantus
    SITE='import site; print(site.getsitepackages()[0])'
    .venv/bin/python -c "$SITE" > "$(../quantus/bin/python -c "$SITE")/ours.pth"
    ../quantus/bin/pip install quantus==0.6.0
    PYTHONPATH=src ../quantus/bin/python benchmarks/report_card.py flipping calls
    .venv/bin/python benchmarks/report_card.py gain work memory
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import torchvision_shim  # noqa: F401

# isort: split
import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision import models

import seewhy
from seewhy.testing.tiny_models import pictures

SIDE, IMAGES, STEPS, TARGET = 224, 4, 84, 7
BLACK = seewhy.Preprocess.plain()
Call = Callable[[], object]


class Empty(nn.Module):
    """A network that computes nothing: what is left is the work around it."""

    def forward(self, images: Tensor) -> Tensor:
        return images[:, 0, SIDE // 2, ::16] * 1.0


class Counting(nn.Module):
    """Counts calls and images."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.calls, self.images = inner, 0, 0

    def forward(self, images: Tensor) -> Tensor:
        self.calls, self.images = self.calls + 1, self.images + len(images)
        return self.inner(images)  # type: ignore[no-any-return]


def asked(images: Tensor, maps: Tensor, network: object, metrics: object, **options: object) -> seewhy.ReportCard:
    """A report of maps that are there, without controls."""
    facts = {"controls": False, "target": TARGET, **options}
    model = seewhy.adapt(network, preprocess=BLACK) if isinstance(network, nn.Module) else network
    return seewhy.report_card(model, images, {"given": maps.numpy()}, metrics=metrics, **facts)


def quantus(network: nn.Module, images: Tensor, maps: Tensor, features: int) -> Call:
    """Pixel flipping as Quantus does it: probabilities, black, so many values of the image in each step."""
    from quantus import PixelFlipping

    warnings.filterwarnings("ignore")
    flipping = PixelFlipping(features_in_step=features, disable_warnings=True)
    told = {"y_batch": np.full(len(images), TARGET), "a_batch": maps[:, None].numpy(), "device": "cpu"}
    return lambda: flipping(model=network, x_batch=images.numpy(), softmax=True, **told)


def spent(call: Call) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def flipping(repeats: int) -> Iterator[str]:
    """Curves of ResNet-18, each way in turn; what is made once for a network is made before."""
    network = models.resnet18().eval().requires_grad_(False)
    images, maps = pictures(IMAGES, 3, SIDE, SIDE), torch.rand(IMAGES, SIDE, SIDE)
    one, both = {"rise-deletion": {"steps": STEPS}}, {"symmetric-gain": {"steps": STEPS, "fills": 1}}
    auto = seewhy.adapt(network, preprocess=BLACK)
    calls = {
        "Quantus, one curve": quantus(network, images, maps, 3 * SIDE * SIDE // STEPS),
        "one curve": lambda: asked(images, maps, auto, one),
        "one curve, plain": lambda: asked(images, maps, auto, one, backend="plain"),
        "one curve, bfloat16": lambda: asked(images, maps, auto, one, precision="bfloat16"),
        "both curves": lambda: asked(images, maps, auto, both),
    }
    for name in ("one curve", "one curve, bfloat16"):
        calls[name]()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            seconds[name].append(spent(call))
    theirs = median(seconds["Quantus, one curve"])
    yield "| what | processor seconds | share of Quantus |\n|---|---|---|"
    for name, found in seconds.items():
        yield f"| {name}, {STEPS} steps | {median(found):.2f} | {median(found) / theirs:.2f} |"


def calls(repeats: int) -> Iterator[str]:
    """Quantus' count is what its loop says, checked by counting on small images; ours is counted."""
    small = pictures(1, 3, 16, 16)
    counted = Counting(nn.Sequential(nn.Flatten(), nn.Linear(768, 10))).eval()
    quantus(counted, small, torch.rand(1, 16, 16), 1)()
    assert counted.calls == 3 * 16 * 16, counted.calls
    theirs = 3 * SIDE * SIDE
    images, maps = pictures(1, 3, SIDE, SIDE), torch.rand(1, SIDE, SIDE)
    yield "| what | forwards of one image | Quantus' default / this |\n|---|---|---|"
    yield f"| Quantus, default | {theirs:,} | 1 |"
    for name, metrics in (
        ("deletion, 28 steps", {"rise-deletion": {}}),
        ("symmetric gain, 28 steps, one fill", {"symmetric-gain": {"fills": 1}}),
    ):
        found = asked(images, maps, Empty(), metrics, backend="plain").cost.forward
        yield f"| {name} | {found} | {theirs / found:,.0f} |"


def gain(repeats: int) -> Iterator[str]:
    """Forwards per image and fill, counted by the network itself."""
    yield "| fills | forwards per image | per fill |\n|---|---|---|"
    for fills in (1, 2, 3):
        network = Counting(Empty())
        images, maps = pictures(2, 3, SIDE, SIDE), torch.rand(2, SIDE, SIDE)
        asked(images, maps, network, {"symmetric-gain": {"fills": fills}}, backend="plain")
        each = network.images / 2
        yield f"| {fills} | {each:g} | {each / fills:.1f} |"


METRICS = {
    "symmetric gain, one fill": {"symmetric-gain": {"fills": 1}},
    "symmetric gain, one fill, 280 steps": {"symmetric-gain": {"fills": 1, "steps": 280}},
    "symmetric gain, two fills": {"symmetric-gain": {"fills": 2}},
    "symmetric gain, three fills": {"symmetric-gain": {}},
    "deletion": {"rise-deletion": {}},
    "mu-fidelity": {"mu-fidelity": {}},
    "sensitivity-n": {"sensitivity-n": {}},
    "infidelity": {"infidelity": {}},
    "patch effect": {"patch-effect": {}},
    "saco": {"saco": {}},
    "region perturbation": {"region-perturbation": {}},
}


def work(repeats: int) -> Iterator[str]:
    """Processor time of a report on a network that computes nothing, over the images that were put before it."""
    images, maps = pictures(IMAGES, 3, SIDE, SIDE), torch.rand(IMAGES, SIDE, SIDE)
    yield "| metric | images | ms per image |\n|---|---|---|"
    for name, metrics in METRICS.items():
        ask = lambda m=metrics: asked(images, maps, Empty(), m, backend="plain")  # noqa: E731
        count = ask().cost.forward
        yield f"| {name} | {count} | {1000 * median(spent(ask) for _ in range(repeats)) / count:.2f} |"


def memory(repeats: int) -> Iterator[str]:
    """Each case in a process of its own."""
    yield "| images | steps | MiB above the first image |\n|---|---|---|"
    for images, steps in ((4, 28), (16, 28), (64, 28), (4, 14), (4, 112)):
        command = [sys.executable, __file__, "--case", str(images), str(steps)]
        told = subprocess.run(command, capture_output=True, text=True, check=True)
        yield f"| {images} | {steps} | {told.stdout.split()[-1]} |"


def peak(images: int, steps: int) -> float:
    """MiB at most of a full report, above the process after a report of one image; photos come from files."""
    from memory import CLEAR
    from memory import memory as status

    with tempfile.TemporaryDirectory() as folder:
        for index, image in enumerate(pictures(images, 3, SIDE, SIDE)):
            Image.fromarray(np.uint8(255 * image.permute(1, 2, 0))).save(Path(folder) / f"{index:02}.png")
        files = sorted(map(str, Path(folder).glob("*.png")))
        ask = {"level": "full", "preprocess": BLACK, "controls": False, "backend": "plain"}
        network = nn.Sequential(
            nn.Conv2d(3, 8, 7, 4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 9)
        )
        _judge(network, files[:1], 14, ask)
        CLEAR.write_text("5")  # sets the peak back
        before = status("VmRSS")
        _judge(network, files, steps, ask)
        return status("VmHWM") - before


def _judge(network: nn.Module, files: list[str], steps: int, ask: dict[str, object]) -> None:
    from seewhy.metric_registry import metrics_of

    metrics: dict[str, dict[str, object]] = {metric.name: {} for metric in metrics_of("full", clips=False)}
    metrics["symmetric-gain"] = {"steps": steps}
    seewhy.report_card(network.eval(), files, "saliency", metrics=metrics, **ask)


PARTS = {part.__name__: part for part in (flipping, calls, gain, work, memory)}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--case", nargs=2, type=int)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    if given.case:
        print(f"{peak(*given.case):.0f}")
    for part in given.parts:
        for line in PARTS[part](given.repeats):
            print(line, flush=True)
        print(f"load {os.getloadavg()[0]:.0f}\n")
