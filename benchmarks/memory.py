"""Peak memory of a method above what the network and one plain pass of it need, each case in a process of its own.

Linux only: the peak is VmHWM of /proc/self/status, set back after the warm-up.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import torchvision_shim  # noqa: F401

# isort: split
import torch
from torch import nn
from torchvision import models

import seewhy

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
PIXELS = torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(1))
Run = Callable[[nn.Module], object]


def ours(method: str, **options: object) -> Run:
    def run(network: nn.Module) -> object:
        model = seewhy.adapt(network, preprocess=seewhy.Preprocess.plain())
        return seewhy.explain(model, PIXELS[0], method=method, target=7, checks="quick", **options)

    return run


def captum_ig(steps: int, inside: int | None) -> Run:
    def run(network: nn.Module) -> object:
        from captum.attr import IntegratedGradients

        return IntegratedGradients(network).attribute(PIXELS, target=7, n_steps=steps, internal_batch_size=inside)

    return run


def published_rise(masks: int) -> Run:
    """All masks first, as the authors do it."""

    def run(network: nn.Module) -> object:
        seen = nn.functional.interpolate(torch.rand(masks, 1, 8, 8).round(), size=224, mode="bilinear")
        with torch.inference_mode():
            scores = torch.cat([network(block * PIXELS).softmax(1)[:, 7] for block in seen.split(8)])
        return torch.einsum("n,nhw->hw", scores, seen[:, 0])

    return run


def pgc_score_cam(network: nn.Module) -> object:
    from pytorch_grad_cam import ScoreCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    return ScoreCAM(network, [network.layer4])(PIXELS, [ClassifierOutputTarget(7)])


FEW, MANY = {"tolerance": 0.0, "samples": 128}, {"tolerance": 0.0, "samples": 512}
CASES: dict[str, tuple[str, Run]] = {
    "integrated-gradients, 16 steps": ("resnet50", ours("integrated-gradients", steps=16, tolerance=0.0)),
    "integrated-gradients, 50 steps": ("resnet50", ours("integrated-gradients", steps=50, tolerance=0.0)),
    "captum IntegratedGradients, 50 steps, default": ("resnet50", captum_ig(50, None)),
    "captum IntegratedGradients, 50 steps, internal_batch_size=4": ("resnet50", captum_ig(50, 4)),
    "rise, 128 masks": ("resnet18", ours("rise", **FEW)),
    "rise, 512 masks": ("resnet18", ours("rise", **MANY)),
    "rise, 512 masks, plain": ("resnet18", ours("rise", backend="plain", **MANY)),
    "rise, 512 masks, all masks first": ("resnet18", published_rise(512)),
    "kernel-shap, 128 calls": ("resnet18", ours("kernel-shap", regions=seewhy.Grid(7), **FEW)),
    "kernel-shap, 512 calls": ("resnet18", ours("kernel-shap", regions=seewhy.Grid(7), **MANY)),
    "kernel-shap, 512 calls, plain": ("resnet18", ours("kernel-shap", regions=seewhy.Grid(7), backend="plain", **MANY)),
    "score-cam, 512 channels": ("resnet18", ours("score-cam")),
    "score-cam, 64 groups": ("resnet18", ours("score-cam", groups=64)),
    "score-cam, 512 channels, plain": ("resnet18", ours("score-cam", backend="plain")),
    "pytorch-grad-cam ScoreCAM, 512 channels": ("resnet18", pgc_score_cam),
}


def memory(field: str) -> float:
    """A line of the process's status, in MiB."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


def measured(case: str) -> float:
    """MiB that the case needs at most, above the process after one plain pass."""
    torch.set_num_threads(1)
    name, run = CASES[case]
    network = models.get_model(name).eval()
    with torch.inference_mode():
        network(PIXELS)
    CLEAR.write_text("5")  # sets the peak back
    before = memory("VmRSS")
    run(network)
    return memory("VmHWM") - before


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=list(CASES))
    asked = parser.parse_args()
    if asked.case:
        print(f"{measured(asked.case):.0f}")
    else:
        print("| network | what | MiB above a plain pass |\n|---|---|---|")
        for case, (network, _) in CASES.items():
            told = subprocess.run(
                [sys.executable, __file__, "--case", case], capture_output=True, text=True, check=True
            )
            print(f"| {network} | {case} | {told.stdout.split()[-1]} |", flush=True)
