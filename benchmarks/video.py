"""Clips: ours against captum, loops over frames and ourselves without boxes; one process, in turn, processor seconds.

Needs the `dev` extra. `whole clips` is our own game with the incremental executor switched off. `difference` is that of
the two maps, as a share of the largest value. Rows are chosen by number: `--list` shows them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

# isort: split
import numpy as np
import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import torchvision_shim  # noqa: F401

# isort: split
from captum import attr
from memory import CLEAR, memory
from torchvision.models import video

import seewhy
from peers import Spent, parameters, spent
from seewhy.engine import masked

Call = Callable[[], object]
Sides = tuple[int, int, int]
SMALL, LARGE = (16, 112, 112), (32, 224, 224)
TARGET = 3  # a class for which Grad-CAM is not zero everywhere


@dataclass(frozen=True)
class Clip:
    """A network and a clip of noise for it."""

    name: str
    space: Sides

    def built(self) -> tuple[nn.Module, Tensor]:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            network = getattr(video, self.name)().eval()
        return network, torch.rand(1, 3, *self.space, generator=torch.Generator().manual_seed(1))

    def __str__(self) -> str:
        return f"{self.name} | {'×'.join(map(str, self.space))}"


@dataclass(frozen=True)
class Row:
    """One comparison: the same question to both, of a network and a clip."""

    clip: Clip
    what: str
    peer: str
    ours: Callable[[nn.Module, Tensor], Call]
    theirs: Callable[[nn.Module, Tensor], Call]
    frozen: bool = True  # parameters, which the peer profits from


def explaining(method: str, **options: object) -> Callable[[nn.Module, Tensor], Call]:
    def ours(network: nn.Module, clip: Tensor) -> Call:
        model = seewhy.adapt(network, preprocess=seewhy.Preprocess.plain())
        how = {"target": TARGET, "scale": "logit", "checks": "quick", **options}
        return lambda: seewhy.explain(model, clip, method=method, **how)

    return ours


def in_whole_clips(method: str, **options: object) -> Callable[[nn.Module, Tensor], Call]:
    """The same without boxes."""

    def theirs(network: nn.Module, clip: Tensor) -> Call:
        ask = explaining(method, **options)(network, clip)

        def run() -> object:
            with without_boxes():
                return ask()

        return run

    return theirs


@contextmanager
def without_boxes() -> Iterator[None]:
    pays, masked.PAYS = masked.PAYS, 0.0
    try:
        yield
    finally:
        masked.PAYS = pays


def bare(network: nn.Module, clip: Tensor) -> Call:
    def run() -> Tensor:
        with torch.inference_mode():
            return network(clip)

    return run


def captum_grad_cam(network: nn.Module, clip: Tensor) -> Call:
    return lambda: attr.LayerGradCam(network, network.layer4).attribute(clip, target=TARGET, relu_attributions=True)[0]


def hooked_grad_cam(network: nn.Module, clip: Tensor) -> Call:
    """As mmaction2 does it: hooks, a full backward pass, weights per time step."""

    def run() -> Tensor:
        seen: dict[str, Tensor] = {}
        hooks = [
            network.layer4.register_forward_hook(lambda _, given, made: seen.update(maps=made)),
            network.layer4.register_full_backward_hook(lambda _, given, made: seen.update(slopes=made[0])),
        ]
        network(clip.clone().requires_grad_())[0, TARGET].backward()
        for hook in hooks:
            hook.remove()
        return (seen["slopes"].mean((3, 4), keepdim=True) * seen["maps"]).sum(1).relu()

    return run


def captum_integrated(network: nn.Module, clip: Tensor) -> Call:
    how = {"n_steps": 16, "method": "gausslegendre", "internal_batch_size": 1}
    return lambda: attr.IntegratedGradients(network).attribute(clip, target=TARGET, **how).sum(1)


def captum_occlusion(window: Sides, stride: Sides) -> Callable[[nn.Module, Tensor], Call]:
    how = {"sliding_window_shapes": (3, *window), "strides": (3, *stride), "target": TARGET}
    return lambda network, clip: lambda: attr.Occlusion(network).attribute(clip, **how)[:, 0]


def frame_loop(network: nn.Module, clip: Tensor) -> Call:
    """One frame after the other shows its neighbour, and the network is asked again."""

    def run() -> Tensor:
        scores = []
        with torch.no_grad():
            whole = network(clip)[0, TARGET]
            for frame in range(clip.shape[2]):
                changed = clip.clone()
                changed[:, :, frame] = clip[:, :, frame - 1 if frame else 1]
                scores.append(whole - network(changed)[0, TARGET])
        return torch.stack(scores).reshape(1, -1, 1, 1)

    return run


def tubes(clip: Clip, window: Sides, stride: Sides, *, captum: bool = False) -> Iterator[Row]:
    how = {"window": window, "stride": stride, "baseline": "black"}
    what = f"occlusion {'×'.join(map(str, window))} / {'×'.join(map(str, stride))}"
    yield Row(clip, what, "ours, whole clips", explaining("occlusion", **how), in_whole_clips("occlusion", **how))
    if captum:
        yield Row(clip, what, "captum default", explaining("occlusion", **how), captum_occlusion(window, stride))


def rows() -> Iterator[Row]:
    small = Clip("r3d_18", SMALL)
    yield Row(small, "grad-cam", "one bare forward", explaining("grad-cam"), bare)
    yield Row(small, "grad-cam", "captum LayerGradCam", explaining("grad-cam"), captum_grad_cam, frozen=False)
    yield Row(small, "grad-cam", "hooks, as in mmaction2", explaining("grad-cam"), hooked_grad_cam, frozen=False)
    integrated = explaining("integrated-gradients", steps=16, tolerance=0.0, baseline="black")
    yield Row(small, "integrated gradients 16", "captum internal_batch_size=1", integrated, captum_integrated)
    frames = {"regions": seewhy.Frames(), "baseline": seewhy.Frozen()}
    yield Row(small, "each frame frozen", "a loop over frames", explaining("region-ablation", **frames), frame_loop)
    yield from tubes(small, (8, 28, 28), (4, 14, 14), captum=True)
    yield from tubes(small, (16, 28, 28), (16, 14, 14))
    yield from tubes(small, (4, 28, 28), (2, 14, 14))
    moment = explaining("temporal-occlusion"), in_whole_clips("temporal-occlusion")
    yield Row(small, "temporal occlusion", "ours, whole clips", *moment)
    for name in ("r2plus1d_18", "mc3_18"):
        yield from tubes(Clip(name, SMALL), (8, 28, 28), (4, 14, 14))
    yield from tubes(Clip("r3d_18", LARGE), (32, 28, 28), (32, 42, 42))  # fewer than 32 calls would stay as they are
    for window in ((16, 28, 28), (8, 28, 28)):
        yield from tubes(Clip("r3d_18", LARGE), window, (16, 56, 56))
    for name in ("r2plus1d_18", "mc3_18", "s3d"):
        yield from tubes(Clip(name, LARGE), (16, 28, 28), (16, 56, 56))


def compare(row: Row, rounds: int) -> str:
    network, clip = row.clip.built()
    with parameters(network, frozen=row.frozen):
        mine, other = row.ours(network, clip), row.theirs(network, clip)
        model = seewhy.adapt(network, preprocess=seewhy.Preprocess.plain())
        seewhy.explain(
            model, clip, method="grad-cam", target=TARGET, checks="quick"
        )  # what is found once for a network
        model.prepared(clip)
        if rounds > 1:
            mine(), other()
        pairs = [(taken(mine, network), taken(other, network)) for _ in range(rounds)]
    seconds = [median(one[0].processor for one in side) for side in zip(*pairs, strict=True)]
    ratio = median(b[0].processor / a[0].processor for a, b in pairs)
    passes = " / ".join(str(one[0].passes) for one in pairs[0])
    told = difference(*(one[1] for one in pairs[0]))
    numbers = f"{seconds[0]:.2f} | {seconds[1]:.2f} | {ratio:.2f} | {passes} | {told}"
    return f"| {row.clip} | {row.what} | {row.peer} | {numbers} |"


def taken(call: Call, network: nn.Module) -> tuple[Spent, object]:
    kept: list[object] = []

    def run() -> object:
        kept.append(call())
        return kept[0]

    return spent(run, network), kept[0]


def difference(ours: object, theirs: object) -> str:
    """How far two maps are apart, as a share of the largest value; nothing where the peer gives no map."""
    a, b = (values(one) for one in (ours, theirs))
    if a.size != b.size:
        return ""
    return f"{np.abs(a.reshape(-1) - b.reshape(-1)).max() / np.abs(b).max():.0e}"


def values(result: object) -> np.ndarray:
    found = result.detach().numpy() if isinstance(result, Tensor) else np.stack([one.values for one in result])
    return found


def segments() -> Iterator[str]:
    """Seconds that regions of a clip take, on one core; a square moves over smooth noise."""
    for space in (SMALL, LARGE):
        coarse = torch.rand(1, 3, 4, 7, 7, generator=torch.Generator().manual_seed(2))
        clip = nn.functional.interpolate(coarse, space, mode="trilinear")[0]
        side = space[-1] // 4
        for t, frame in enumerate(clip.unbind(1)):
            frame[:, side : 2 * side, 2 * t : 2 * t + side] = 1.0
        for spec in (seewhy.Supervoxels(200), seewhy.Moving(150)):
            seconds = [spent(lambda s=spec, c=clip: s.of(c), nn.Identity()).processor for _ in range(3)]
            parts = spec.of(clip).count
            print(f"| {'×'.join(map(str, space))} | {spec} | {parts} | {median(seconds):.2f} |", flush=True)
    yield ""


CASES: dict[str, tuple[Clip, Callable[[nn.Module, Tensor], Call]]] = {}
for _stride in ((4, 28, 28), (4, 14, 14)):
    for _space in (SMALL, (32, 112, 112)):
        _how = {"window": (8, 28, 28), "stride": _stride, "baseline": "black"}
        _name = f"occlusion 8×28×28 / {'×'.join(map(str, _stride))}"
        CASES[f"{_name}, {_space[0]} frames"] = Clip("r3d_18", _space), explaining("occlusion", **_how)
        if _space == SMALL:
            CASES[f"{_name}, {_space[0]} frames, whole clips"] = (
                Clip("r3d_18", _space), in_whole_clips("occlusion", **_how)
            )  # fmt: skip
for _calls in (96, 288):
    _how = {"regions": seewhy.Cuboids(2, 4, 4), "samples": _calls, "tolerance": 0.0, "backend": "plain"}
    CASES[f"kernel-shap, {_calls} calls, 16 frames"] = Clip("r3d_18", SMALL), explaining("kernel-shap", **_how)


def peak(case: str) -> float:
    """MiB that the case needs at most, above the process after one plain pass."""
    clip, ask = CASES[case]
    network, pixels = clip.built()
    bare(network, pixels)()
    CLEAR.write_text("5")  # sets the peak back
    before = memory("VmRSS")
    ask(network, pixels)()
    return memory("VmHWM") - before


def main(asked: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    if asked.case:
        print(f"{peak(asked.case):.0f}")
    elif asked.what == "rows":
        print("| network | clip | what | peer | ours s | peer s | peer / ours | passes, both | difference |")
        print("|---|---|---|---|---|---|---|---|---|")
        for i, row in enumerate(rows()):
            if not asked.rows or i in asked.rows:
                print(compare(row, asked.rounds), flush=True)
    elif asked.what == "list":
        for i, row in enumerate(rows()):
            print(f"{i:3} {row.clip} | {row.what} | {row.peer}")
    elif asked.what == "segments":
        print("| clip | regions | parts | seconds |\n|---|---|---|---|")
        for _ in segments():
            pass
    else:
        print("| network | what | MiB above a plain pass |\n|---|---|---|")
        for case, (clip, _) in CASES.items():
            again = [sys.executable, __file__, "memory", "--case", case]
            told = subprocess.run(again, capture_output=True, text=True, check=True).stdout.split()[-1]
            print(f"| {clip.name} | {case} | {told} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["rows", "list", "segments", "memory"], nargs="?", default="rows")
    parser.add_argument("--rows", type=int, nargs="+", help="numbers, as `list` shows them")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--case", choices=list(CASES))
    main(parser.parse_args())
