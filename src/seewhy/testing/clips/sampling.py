"""Any number of clips from a seed, balanced over the classes of a task."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ...domain.ranges import whole
from ..scenes.sampling import SPLITS
from ..scenes.scene import Size
from ..scenes.subjects import one_of
from .story import Story
from .tasks import TASKS, Task, cast, task_of


@dataclass(frozen=True, eq=False)
class Filmed:
    """Clips, their classes, and the stories that they were drawn from."""

    clips: Float[Tensor, "b 3 t h w"]
    labels: Int[Tensor, " b"]
    stories: tuple[Story, ...]
    task: Task


def dataset(task: str, count: int, seed: int = 0, *, split: str = "train", frames: int = 16, size: Size = 32) -> Filmed:
    """Clips of all classes in turn; no story of one split or seed occurs in another."""
    whole("count", count)
    stories = tuple(story_at(index, seed, task=task, split=split, frames=frames) for index in range(count))
    return Filmed(
        clips=torch.stack([story.render(size) for story in stories]),
        labels=torch.tensor([story.label for story in stories]),
        stories=stories,
        task=TASKS[task],
    )


def story_at(index: int, seed: int = 0, *, task: str, split: str = "train", frames: int = 16) -> Story:
    """The story at a place of a set, drawn from its own random numbers."""
    chosen = task_of(task)
    one_of(split, SPLITS, "split")
    whole("frames", frames)
    chosen.needs(frames)
    random = np.random.default_rng((seed, SPLITS[split], index, tuple(TASKS).index(task)))
    label = index % len(chosen.classes)
    actors, background, cause = cast(random, chosen, frames, label)
    grain = int(random.integers(1 << 31))
    return Story(actors, background, cause, label, grain, tuple(range(frames)))
