"""Score-CAM with groups of channels against the exact map, on the bundled network: rank correlation, calls, seconds.

Needs the `demo` extra and scipy; `--peer` the `dev` extra: it also asks pytorch-grad-cam, with frozen parameters, which
takes a minute per photo. The rank correlation (Spearman) is that of the maps before they are enlarged.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # spinning ones count in the next row

# isort: split
import torch
from scipy.stats import spearmanr

import seewhy
from seewhy.inputs.read import expand, read_sample


def peer(model: seewhy.Model, photo: str, found: seewhy.Explanation) -> float:
    """Processor seconds of pytorch-grad-cam for the same image, class and layer."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from pytorch_grad_cam import ScoreCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    import torchvision_shim  # noqa: F401  (before anything that imports torchvision)

    pixels = model.preprocess.normalise(read_sample(expand(photo)[0][0], model.preprocess).pixels[None])
    cam = ScoreCAM(
        model=model.module.requires_grad_(False), target_layers=[model.module.get_submodule(found.layer.name)]
    )
    started = time.process_time()
    cam(pixels, [ClassifierOutputTarget(found.target.index)])
    return time.process_time() - started


def main(photos: list[str], groups: list[int], options: dict[str, str], *, peers: bool) -> None:
    """Print a table in Markdown: one row per photo and number of groups."""
    torch.set_num_threads(1)
    model = seewhy.adapt("efficientnet-lite0")

    def asked(photo: str, count: int) -> tuple[seewhy.Explanation, float]:
        started = time.process_time()
        found = seewhy.explain(model, f"photo:{photo}", method="score-cam", groups=count, checks="quick", **options)
        return found, time.process_time() - started

    asked(photos[0], 0)  # what is made once for a network is not counted
    print("| photo | class | groups | calls | rank correlation | seconds | exact / seconds |\n|" + "---|" * 7)
    for photo in photos:
        exact, longest = asked(photo, 0)
        if peers:
            seconds = peer(model, f"photo:{photo}", exact)
            row = f"{photo} | {exact.target.label} | pytorch-grad-cam | {1 + exact.layer.shape[0]} | | {seconds:.2f}"
            print(f"| {row} | {longest / seconds:.1f} |", flush=True)
        for count in (0, *groups):
            found, seconds = (exact, longest) if count == 0 else asked(photo, count)
            alike = spearmanr(found.values.ravel(), exact.values.ravel()).statistic
            row = f"{photo} | {exact.target.label} | {count or 'exact'} | {found.cost.forward} | {alike:.4f}"
            print(f"| {row} | {seconds:.2f} | {longest / seconds:.1f} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", nargs="*", default=["cat", "coffee"])
    parser.add_argument("--groups", nargs="+", type=int, default=[32, 64, 128])
    parser.add_argument("--layer")
    parser.add_argument("--scale")
    parser.add_argument("--peer", action="store_true")
    given = parser.parse_args()
    options = {name: value for name, value in (("layer", given.layer), ("scale", given.scale)) if value}
    main(given.photos, given.groups, options, peers=given.peer)
