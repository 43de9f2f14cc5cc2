"""Small networks that have learned a task: trained within half a minute, the same every time, kept once trained."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..scenes.subjects import one_of
from ..scenes.training import accuracy_of, keep, one_thread
from ..tiny_models import seeded
from .networks import ClipCNN, ClipViT, FrameTransformer
from .sampling import dataset, story_at
from .tasks import TASKS, Task

Kind = Literal["cnn", "frames", "vit"]
Lesson = tuple[str, int, int]  # a task, the frames of its clips, training steps
NETWORKS: Mapping[str, Callable[[int], nn.Module]] = {"cnn": ClipCNN, "frames": FrameTransformer, "vit": ClipViT}
RATES, BATCH, HELD_OUT, SMOOTHING = {"cnn": 0.008, "frames": 0.004, "vit": 0.003}, 32, 200, 0.02
# What is short in time is not found by chance: shapes are learned first, from few frames, which also costs less.
SHAPES_FIRST: tuple[Lesson, ...] = (("appearance", 4, 150), ("event", 8, 75))
LESSONS: Mapping[str, tuple[Lesson, ...]] = {
    "direction": (("direction", 16, 60),),
    "event": (*SHAPES_FIRST, ("event", 16, 60)),
    "order4": (*SHAPES_FIRST, ("order4", 16, 150)),
    "appearance": (("appearance", 4, 150), ("appearance", 16, 50)),
    "shortcut": (("shortcut", 16, 50),),
    "speed": (("speed", 16, 100),),
}


@dataclass(frozen=True, eq=False)
class Trained:
    """A network in evaluation mode, the task that it learned, and its accuracy on clips it has not seen."""

    network: nn.Module
    task: Task
    accuracy: float


def trained(kind: Kind = "cnn", task: str = "event", *, seed: int = 0, folder: str | Path | None = None) -> Trained:
    """A network for clips of 16 frames of 32 x 32 pixels that has learned a task.

    Trained once per process, and once for all processes that share a `folder`.
    """
    one_of(kind, NETWORKS, "kind of network")
    one_of(task, TASKS, "task")
    state, accuracy = _learned(kind, task, seed, None if folder is None else Path(folder))
    network = _built(kind, task, seed)
    network.load_state_dict(dict(state))
    return Trained(network.eval(), TASKS[task], accuracy)


def lessons(kind: str, task: str) -> tuple[Lesson, ...]:
    """What a network goes through before and while it learns a task."""
    if kind == "vit":  # it has places for 16 frames, no more and no fewer, and takes longer
        return tuple(
            (lesson, 16, max(steps, 150)) for lesson, _, steps in LESSONS[task] if lesson in ("appearance", task)
        )
    return LESSONS[task]


def taught(kind: str, plan: Sequence[Lesson], seed: int = 0) -> nn.Module:
    """A network after these lessons, on one thread and with random numbers of its own."""
    network = _built(kind, plan[0][0], seed)
    for task, frames, steps in plan:
        head, classes = network.head, len(TASKS[task].classes)
        assert isinstance(head, nn.Linear)
        if head.out_features != classes:  # otherwise a ring is still a ring, and a cross a cross
            network.head = seeded(lambda: nn.Linear(head.in_features, classes), seed)  # noqa: B023
        with one_thread(), torch.enable_grad():
            _study(network, task, frames, steps, RATES[kind], seed)
    network.zero_grad()
    return network.eval()


def _study(network: nn.Module, task: str, frames: int, steps: int, rate: float, seed: int) -> None:
    """Every step shows clips that were never shown before."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.2)
    network.train()
    for step in range(steps):
        stories = [story_at(BATCH * step + i, seed, task=task, frames=frames) for i in range(BATCH)]
        clips, labels = torch.stack([s.render() for s in stories]), torch.tensor([s.label for s in stories])
        optimiser.zero_grad()
        functional.cross_entropy(network(clips), labels, label_smoothing=SMOOTHING).backward()
        optimiser.step()
        schedule.step()


def _built(kind: str, task: str, seed: int) -> nn.Module:
    return seeded(lambda: NETWORKS[kind](len(TASKS[task].classes)), seed)


@functools.cache
def _learned(kind: str, task: str, seed: int, folder: Path | None) -> tuple[Mapping[str, Tensor], float]:
    path = None if folder is None else folder / _file(kind, task, seed)
    if path is not None and path.exists():
        kept = torch.load(path, weights_only=True)
        return kept["state"], kept["accuracy"]
    network = taught(kind, lessons(kind, task), seed)
    held_out = dataset(task, HELD_OUT, seed, split="test")
    state, accuracy = network.state_dict(), accuracy_of(network, held_out.clips, held_out.labels)
    if path is not None:
        keep({"state": state, "accuracy": accuracy}, path)
    return state, accuracy


def _file(kind: str, task: str, seed: int) -> str:
    """A name that changes with the lessons, with the code that draws and trains, and with torch."""
    here = Path(__file__).parent
    sources = [
        here.parent / "tiny_models.py",
        *sorted(here.glob("*.py")),
        *sorted((here.parent / "scenes").glob("*.py")),
    ]
    code = b"".join(path.read_bytes() for path in sorted(sources))
    digest = hashlib.blake2b(repr((kind, task, seed, torch.__version__)).encode() + code, digest_size=8).hexdigest()
    return f"clips-{kind}-{task}-{digest}.pt"
