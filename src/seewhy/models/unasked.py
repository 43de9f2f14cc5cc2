"""How the answer of each task is read as rows while nothing has been asked about it."""

from __future__ import annotations

from functools import partial

from . import detection, segmentation
from .answer import scores_in
from .similarity import embedding_in
from .tasks import Rows, Task


def rows_of(task: Task, name: str) -> Rows:
    """The rows of a task: for layers to be found, and for questions that are functions of the outputs."""
    if task == "detection":
        return partial(detection.overall, name=name)
    if task == "segmentation":
        return segmentation.overall
    if task == "embedding":
        return partial(embedding_in, name=name)
    return partial(scores_in, name=name)
