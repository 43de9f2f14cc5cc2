"""What seewhy adds to the bare model calls: seconds of a method over seconds of as many plain passes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import torch

import seewhy

METHODS = {
    "grad-cam": {},
    "integrated-gradients": {"steps": 16},
    "occlusion": {"window": 56, "stride": 28},
    "kernel-shap": {"regions": "grid:5", "samples": 128, "tolerance": 0.0},
    "rise": {"samples": 128, "tolerance": 0.0},
}
BATCH = 16


def best(call: Callable[[], object], repeats: int) -> float:
    """The shortest of several runs: the one that others disturbed least."""
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def main(repeats: int) -> None:
    """Print one line per method."""
    torch.set_num_threads(1)
    model, photo = seewhy.adapt("efficientnet-lite0"), seewhy.photo("cat")
    assert model.preprocess is not None
    pixels = model.preprocess(photo)[0].expand(BATCH, -1, -1, -1)
    leaf = pixels.clone().requires_grad_()
    with model.borrowed():
        with torch.inference_mode():
            forward = best(lambda: model(pixels), repeats) / BATCH
        both = best(lambda: torch.autograd.grad(model(leaf).sum(), leaf), repeats) / BATCH
    print(f"bare model, batches of {BATCH}: {forward * 1e3:.1f} ms forward, {both * 1e3:.1f} ms forward and backward")
    for name, options in METHODS.items():
        found = seewhy.explain(model, photo, method=name, checks="quick", **options)
        seconds = best(lambda n=name, o=options: seewhy.explain(model, photo, method=n, checks="quick", **o), repeats)
        bare = (found.cost.forward - found.cost.backward) * forward + found.cost.backward * both
        print(f"{name:21} {found.cost!s:28} {seconds:6.2f} s, {seconds / bare:.2f} times the bare passes")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
