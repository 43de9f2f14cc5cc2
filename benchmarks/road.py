"""Noisy linear imputation: processor time of ours and of the sparse direct solve, and how far they differ.

The photo of the cat at 224 x 224 in RGB, one thread, noise off; masks by the order of white noise, and of a smooth map.
`lean` is SciPy's spsolve on a system that is assembled without a loop; `grad-cam` is pytorch-grad-cam's imputer, which
is the authors' code. First all nine shares of one map as ROAD asks for them, then share by share. Each time is the
best of the repetitions, taken in turn.

    .venv/bin/python benchmarks/road.py [repetitions]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import torchvision_shim  # noqa: F401

# isort: split
import numpy as np
import torch
from PIL import Image
from pytorch_grad_cam.metrics.road import NoisyLinearImputer
from scipy import ndimage, sparse
from scipy.sparse.linalg import spsolve
from torch import Tensor

import seewhy

SIDE, BATCHES = 224, (1, 8, 28)
WEIGHTS = {(down, right): 1 / 6 if 0 in (down, right) else 1 / 12 for down in (-1, 0, 1) for right in (-1, 0, 1)}


def picture() -> Tensor:
    photo = Image.fromarray(np.asarray(seewhy.photo("cat").pixels)).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(photo)).permute(2, 0, 1) / 255


def masks(kind: str, removed: float, count: int) -> Tensor:
    """Masks of different seeds, each keeping the lowest values of a random map."""
    maps = np.random.default_rng(0).standard_normal((count, SIDE, SIDE))
    maps = ndimage.gaussian_filter(maps, (0, SIDE / 14, SIDE / 14)) if kind == "smooth" else maps
    return torch.from_numpy(maps <= np.quantile(maps, 1 - removed, axis=(1, 2), keepdims=True))


def lean(image: Tensor, mask: Tensor) -> Tensor:
    """The same linear system, assembled for all neighbours at once, and SciPy's direct solver."""
    hidden = ~mask.numpy()
    row, column = np.nonzero(hidden)
    number = np.full((SIDE + 2, SIDE + 2), -1)
    number[1:-1, 1:-1][hidden] = np.arange(len(row))
    inside = np.pad(np.ones_like(hidden), 1)
    values = np.pad(np.where(hidden, 0, image.numpy()), ((0, 0), (1, 1), (1, 1)))
    total, wanted, entries = np.zeros(len(row)), np.zeros((len(image), len(row))), []
    for (down, right), weight in WEIGHTS.items():
        if down or right:
            there = row + 1 + down, column + 1 + right
            total += weight * inside[there]
            wanted += weight * values[:, *there]
            other = number[there]
            entries.append((np.flatnonzero(other >= 0), other[other >= 0], weight))
    rows, columns = (np.concatenate([entry[i] for entry in entries]) for i in (0, 1))
    off = np.concatenate([np.full(len(entry[0]), -entry[2]) for entry in entries])
    system = sparse.csc_matrix((off, (rows, columns)), (len(row), len(row))) + sparse.diags(total, format="csc")
    out = image.numpy().copy()
    out[:, hidden] = spsolve(system, wanted.T).T
    return torch.from_numpy(out)


def seconds(run: Callable[[], Tensor]) -> tuple[float, Tensor]:
    start = time.process_time()
    found = run()
    return time.process_time() - start, found


def row(kind: str, removed: float, image: Tensor, repetitions: int) -> str:
    """One line of the table."""
    fill, theirs, shown = seewhy.Linear(noise=0), NoisyLinearImputer(noise=0), masks(kind, removed, max(BATCHES))
    truth = torch.stack([lean(image, mask) for mask in shown])
    best: dict[str, float] = {}
    for _ in range(repetitions):
        best["lean"] = min(best.get("lean", 9), seconds(lambda: lean(image, shown[0]))[0])
        best["grad-cam"] = min(best.get("grad-cam", 9), seconds(lambda: theirs(image, shown[0].float()))[0])
        for size in BATCHES:
            spent, found = seconds(lambda size=size: fill.complete(image, shown[:size]))
            best[str(size)] = min(best.get(str(size), 9), spent / size)
    error = (found - truth).abs()
    ours = [f"{1000 * best[str(size)]:.0f}" for size in BATCHES]
    ratios = [f"{best[peer] / best['28']:.1f}" for peer in ("lean", "grad-cam")]
    cells = [kind, f"{removed:.0%}", f"{1000 * best['lean']:.0f}", f"{1000 * best['grad-cam']:.0f}", *ours, *ratios]
    return f"| {' | '.join(cells)} | {error.max():.0e} | {error.square().mean().sqrt():.0e} |"


def whole(kind: str, image: Tensor, repetitions: int) -> str:
    """ROAD of one map, 10 to 90 % removed: the direct solve mask by mask, ours in one batch."""
    shown = torch.stack([masks(kind, share / 10, 1)[0] for share in range(1, 10)])
    fill, theirs = seewhy.Linear(noise=0), NoisyLinearImputer(noise=0)
    ways: dict[str, Callable[[], Tensor]] = {
        "lean": lambda: torch.stack([lean(image, mask) for mask in shown]),
        "grad-cam": lambda: torch.stack([theirs(image, mask.float()) for mask in shown]),
        "ours": lambda: fill.complete(image, shown),
    }
    best, found = dict.fromkeys(ways, 99.0), {}
    for _ in range(repetitions):
        for name, way in ways.items():
            spent, found[name] = seconds(way)
            best[name] = min(best[name], spent)
    error = (found["ours"] - found["lean"]).abs()
    times = [f"{1000 * best[name]:.0f}" for name in ways]
    ratios = [f"{best[peer] / best['ours']:.1f}" for peer in ("lean", "grad-cam")]
    cells = [kind, *times, *ratios, f"{error.max():.0e}", f"{error.square().mean().sqrt():.0e}"]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    torch.set_num_threads(1)
    repetitions = int((sys.argv[1:] or ["3"])[0])
    head = "map | lean ms | grad-cam ms | ours ms | lean / ours | grad-cam / ours | error | rms"
    print(f"| {head} |\n|{'---|' * 8}")
    for kind in ("noise", "smooth"):
        print(whole(kind, picture(), repetitions), flush=True)
    head = (
        "map | removed | lean ms | grad-cam ms | ours ms | in 8 | in 28 | lean / ours | grad-cam / ours | error | rms"
    )
    print(f"\n| {head} |\n|{'---|' * 11}")
    for kind in ("noise", "smooth"):
        for removed in (0.1, 0.5, 0.9):
            print(row(kind, removed, picture(), repetitions), flush=True)
