"""Ours against the peers in one process, interleaved: seconds on the processor and the clock, passes, and ratios.

Needs the `dev` extra. "default" is what a person gets who calls the peer as its documentation shows, with the network
as torch builds it; "tuned" freezes the parameters and sets the batch sizes that suit. The maps are the same within
rounding where the row does not say otherwise; the tests in tests/peers show that.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import isgeneratorfunction
from pathlib import Path
from statistics import median

os.environ |= {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}  # spinning ones count in the next row

# isort: split
import numpy as np
import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import torchvision_shim  # noqa: F401

# isort: split
import pytorch_grad_cam as pgc
import timm
import torchcam.methods as tc
from captum import attr
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torchvision import models

import seewhy

Call = Callable[[], object]
TARGET = 7
CALLS = 300
GRID = seewhy.Grid(7)
TOGETHER = [
    "saliency",
    "input-x-gradient",
    "grad-cam",
    "grad-cam++",
    "layer-cam",
    "hires-cam",
    "xgrad-cam",
    "eigen-cam",
]
CAMS = {
    "grad-cam": (pgc.GradCAM, tc.GradCAM),
    "grad-cam++": (pgc.GradCAMPlusPlus, None),  # TorchCAM's is another formula
    "layer-cam": (pgc.LayerCAM, tc.LayerCAM),
    "xgrad-cam": (pgc.XGradCAM, tc.XGradCAM),
    "hires-cam": (pgc.HiResCAM, None),
    "eigen-cam": (pgc.EigenCAM, None),
}


@dataclass(frozen=True)
class Row:
    """One comparison: the same question to both."""

    what: str
    peer: str
    ours: Call
    theirs: Call
    frozen: bool = True  # parameters, which the peer profits from


@dataclass(frozen=True)
class Bench:
    """A network and a batch of images."""

    network: nn.Module
    layer: nn.Module
    images: Tensor

    def ours(self, method: str | list[str], **options: object) -> Call:
        model = seewhy.adapt(self.network, preprocess=seewhy.Preprocess.plain())
        labels = [TARGET] * len(self.images)
        return lambda: seewhy.explain(model, self.images, method=method, target=labels, checks="quick", **options)

    def gradients(self) -> Iterator[Row]:
        leaf = self.images.clone().requires_grad_()
        ours, network, batch = self.ours, self.network, len(self.images)
        saliency, ig = attr.Saliency(network), attr.IntegratedGradients(network)
        for frozen in (False, True):
            setting = "tuned" if frozen else "default"
            ask = lambda: saliency.attribute(leaf, target=TARGET)  # noqa: E731
            yield Row("saliency", f"captum {setting}", ours("saliency"), ask, frozen)
            nodes = {"n_steps": 16, "method": "gausslegendre", "internal_batch_size": 4 * batch if frozen else None}
            ask = lambda n=nodes: ig.attribute(self.images, target=TARGET, **n)  # noqa: E731
            fixed = ours("integrated-gradients", steps=16, tolerance=0.0)
            yield Row("integrated gradients 16", f"captum {setting}", fixed, ask, frozen)

    def cams(self) -> Iterator[Row]:
        leaf, labels = self.images.clone().requires_grad_(), [TARGET] * len(self.images)
        targets = [ClassifierOutputTarget(TARGET) for _ in labels]
        for method, (theirs, torchcam) in CAMS.items():
            for frozen in (False, True):
                setting = "tuned" if frozen else "default"
                cam = theirs(model=self.network, target_layers=[self.layer])
                ask = lambda c=cam: c(input_tensor=leaf, targets=targets)  # noqa: E731
                yield Row(method, f"pytorch-grad-cam {setting}", self.ours(method), ask, frozen)
            if torchcam is not None:
                extractor = torchcam(self.network, self.layer)
                ask = lambda e=extractor: e(labels, self.network(leaf))  # noqa: E731
                yield Row(method, "torchcam default", self.ours(method), ask, frozen=False)
                extractor.remove_hooks()

    def together(self) -> Iterator[Row]:
        def bare() -> None:
            with torch.inference_mode():
                self.network(self.images)

        yield Row("eight maps together", "one bare forward", self.ours(TOGETHER), bare)

    def channels(self) -> Iterator[Row]:
        leaf = self.images.clone().requires_grad_()
        ablation = pgc.AblationCAM(model=self.network, target_layers=[self.layer])
        ask = lambda: ablation(leaf, [ClassifierOutputTarget(TARGET)] * len(self.images))  # noqa: E731
        yield Row("ablation-cam", "pytorch-grad-cam default", self.ours("ablation-cam"), ask)

    def windows(self) -> Iterator[Row]:
        occlusion = attr.Occlusion(self.network)
        shapes = {"sliding_window_shapes": (3, 32, 32), "strides": (3, 16, 16), "target": TARGET}
        for size in (1, 8):
            ask = lambda s=size: occlusion.attribute(self.images, perturbations_per_eval=s, **shapes)  # noqa: E731
            peer = f"captum {'default' if size == 1 else 'perturbations_per_eval=8'}"
            yield Row("occlusion 32/16", peer, self.ours("occlusion", baseline="black"), ask)

    def coalitions(self) -> Iterator[Row]:
        mask = GRID.of(self.images[0]).labels
        assert mask is not None
        shap, what = attr.KernelShap(self.network), f"49 parts, {CALLS} calls"
        same = {"regions": GRID, "samples": CALLS, "tolerance": 0.0, "baseline": "black"}
        ask = {
            size: lambda s=size: shap.attribute(
                self.images, feature_mask=mask[None, None], n_samples=CALLS, target=TARGET, perturbations_per_eval=s
            )
            for size in (1, 8)
        }
        ours = self.ours("kernel-shap", **same)
        yield Row(f"kernel-shap, {what}", "captum default", ours, ask[1], frozen=False)
        yield Row(f"kernel-shap, {what}", "captum perturbations_per_eval=8", ours, ask[8])
        lower = self.ours("kernel-shap", precision="bfloat16", **same)
        yield Row(f"kernel-shap in bfloat16, {what}", "captum perturbations_per_eval=8", lower, ask[8])
        yield Row(f"lime, {what}", "lime batch_size=8", self.ours("lime", **same), self._lime(mask))

    def soft_masks(self) -> Iterator[Row]:
        for precision in ("float32", "bfloat16"):
            ours = self.ours("rise", samples=CALLS, tolerance=0.0, baseline="black", precision=precision)
            what = f"rise, {CALLS} masks" + ("" if precision == "float32" else " in bfloat16")
            yield Row(what, "the authors' way: scikit-image, all masks first", ours, self._published_rise)

    def _published_rise(self) -> Tensor:
        """RISE as its authors describe it: all masks up-sampled first, then batches of 8."""
        from skimage.transform import resize

        size, rng = self.images.shape[-1], np.random.default_rng(0)
        step = -(-size // 7)
        coarse = (rng.random((CALLS, 7, 7)) < 0.5).astype(np.float32)
        masks = np.empty((CALLS, size, size), np.float32)
        for mask, cells in zip(masks, coarse, strict=True):
            x, y = rng.integers(0, step, 2)
            mask[:] = resize(cells, (8 * step, 8 * step), order=1, mode="reflect")[x : x + size, y : y + size]
        seen = torch.from_numpy(masks)[:, None]
        with torch.inference_mode():
            scores = torch.cat([self.network(block * self.images).softmax(1)[:, TARGET] for block in seen.split(8)])
        return torch.einsum("n,nhw->hw", scores, seen[:, 0]) / CALLS / 0.5

    def hierarchy(self) -> Iterator[Row]:
        import shap

        photo, calls = self.images[0].movedim(0, -1).mul(255).byte().numpy(), 200

        def answer(batch: np.ndarray) -> np.ndarray:
            with torch.inference_mode():
                return self.network(torch.from_numpy(batch).float().movedim(-1, 1) / 255).numpy()

        theirs = shap.Explainer(answer, shap.maskers.Image("inpaint_telea", photo.shape), algorithm="partition")
        ask = lambda: theirs(photo[None], max_evals=calls, batch_size=8, outputs=[TARGET], silent=True)  # noqa: E731
        for baseline in ("inpaint", "blur"):
            same = {"regions": seewhy.Grid(56), "samples": calls, "baseline": baseline}
            yield Row(
                f"partition, {baseline}, {calls} calls",
                "shap inpaint_telea",
                self.ours("partition-shapley", **same),
                ask,
            )

    def tokens(self) -> Iterator[Row]:
        same = {"regions": seewhy.Patches(), "samples": 2 * CALLS, "tolerance": 0.0}
        dropped = self.ours("kernel-shap", baseline="dropped", **same)
        for backend in ("plain", "auto"):
            grey = self.ours("kernel-shap", baseline="grey", backend=backend, **same)
            yield Row(f"kernel-shap, patches dropped, {2 * CALLS} calls", f"ours, grey, {backend}", dropped, grey)

    def score_cam(self) -> Iterator[Row]:
        theirs = pgc.ScoreCAM(model=self.network, target_layers=[self.layer])
        targets = [ClassifierOutputTarget(TARGET)]
        ask = lambda: theirs(self.images, targets)  # noqa: E731
        yield Row("score-cam", "pytorch-grad-cam", self.ours("score-cam"), ask)
        yield Row("score-cam, 64 groups", "pytorch-grad-cam", self.ours("score-cam", groups=64), ask)

    def eigen(self) -> Iterator[Row]:
        """The map alone, of a layer of 256 channels and 56 x 56 places."""
        from pytorch_grad_cam.utils.svd_on_activations import get_2d_projection

        from seewhy.engine.components import first_component

        maps = torch.rand(1, 256, 56, 56, generator=torch.Generator().manual_seed(2))
        array = maps.numpy()
        yield Row(
            "the step of eigen-cam, 256 x 56 x 56", "pytorch-grad-cam",
            lambda: first_component(maps), lambda: get_2d_projection(array.copy()),
        )  # fmt: skip

    def _lime(self, mask: Tensor) -> Call:
        from lime.lime_image import LimeImageExplainer

        pixels = self.images[0].movedim(0, -1).double().numpy()

        def answer(batch: np.ndarray) -> np.ndarray:
            with torch.inference_mode():
                outputs = self.network(torch.from_numpy(batch).float().movedim(-1, 1))
            return torch.softmax(outputs, dim=1).numpy()

        options = {"labels": (TARGET,), "top_labels": None, "num_samples": CALLS, "batch_size": 8, "hide_color": 0}
        return lambda: LimeImageExplainer(random_state=0).explain_instance(
            pixels, answer, segmentation_fn=lambda _: mask.numpy(), **options
        )


@dataclass(frozen=True)
class Spent:
    """What one call cost: seconds on the processor and on the clock, and images pushed forward through the network."""

    processor: float
    wall: float
    passes: int


def spent(call: Call, network: nn.Module) -> Spent:
    seen = [0]
    counting = network.register_forward_pre_hook(lambda _, given: seen.__setitem__(0, seen[0] + len(given[0])))
    processor, wall = time.process_time(), time.perf_counter()
    result = call()
    processor, wall = time.process_time() - processor, time.perf_counter() - wall
    counting.remove()
    return Spent(processor, wall, max(seen[0], stated(result)))


def stated(result: object) -> int:
    """Forward passes that our explanations state: a copy of the network or another runtime is not seen from outside."""
    if isinstance(result, seewhy.Explanation):
        return result.cost.forward
    several = isinstance(result, list) and result and isinstance(result[0], seewhy.Explanation | list)
    return sum(map(stated, result)) if several else 0


@contextmanager
def parameters(network: nn.Module, *, frozen: bool) -> Iterator[None]:
    for parameter in network.parameters():
        parameter.requires_grad_(not frozen)
    yield


def built(name: str) -> tuple[nn.Module, nn.Module]:
    """A network with random weights, or the bundled one with its own, and its last map."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if name == "efficientnet-lite0":
            network = seewhy.adapt(name).module
        else:
            network = (timm.create_model if name.startswith("vit_small") else models.get_model)(name).eval()
    chosen = seewhy.adapt(network, preprocess=seewhy.Preprocess.plain())
    chosen.meet((3, 224, 224))
    layer = network.layer4 if hasattr(network, "layer4") else network.get_submodule(chosen.layout.choose().name)
    return network, layer


def main(rounds: int, names: list[str], groups: list[str], batches: list[int], size: int) -> None:
    """Print a table in Markdown; ratios are medians over interleaved rounds."""
    torch.set_num_threads(1)
    print("| network | px | batch | what | peer | ours s | peer s | peer / ours | wall, both | passes, both |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name in names:
        network, layer = built(name)
        for batch in batches:
            images = torch.rand(batch, 3, size, size, generator=torch.Generator().manual_seed(1))
            for row in (row for group in groups for row in getattr(Bench(network, layer, images), group)()):
                with parameters(network, frozen=row.frozen):
                    compare(f"{name} | {size} | {batch}", row, rounds, network)


def compare(where: str, row: Row, rounds: int, network: nn.Module) -> None:
    row.ours()  # what is made once for a network is not counted
    if rounds > 1:  # one round is for what takes minutes: there a first call of the peer does not matter
        row.theirs()
    pairs = [(spent(row.ours, network), spent(row.theirs, network)) for _ in range(rounds)]
    mine, other = (median(one.processor for one in column) for column in zip(*pairs, strict=True))
    ratio = median(b.processor / a.processor for a, b in pairs)
    wall = " / ".join(f"{median(one.wall for one in column):.3f}" for column in zip(*pairs, strict=True))
    passes = " / ".join(str(one.passes) for one in pairs[0])
    seconds = f"{mine:.3f} | {other:.3f} | {ratio:.2f} | {wall}"
    print(f"| {where} | {row.what} | {row.peer} | {seconds} | {passes} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=3)
    parser.add_argument("--networks", nargs="+", default=["resnet50"])
    kinds = [name for name, found in vars(Bench).items() if isgeneratorfunction(found)]
    parser.add_argument("--groups", nargs="+", choices=kinds, default=kinds)
    parser.add_argument("--batch", nargs="+", type=int, default=[1])
    parser.add_argument("--size", type=int, default=224)
    asked = parser.parse_args()
    main(asked.rounds, asked.networks, asked.groups, asked.batch, asked.size)
