"""How the answer of each task is read as rows while nothing has been asked about it."""

from __future__ import annotations

from functools import partial

from .answer import scores_in
from .segmentation import overall
from .similarity import embedding_in
from .tasks import Rows, Task


def rows_of(task: Task, name: str) -> Rows:
    """The rows of a task: for layers to be found, and for questions that are functions of the outputs."""
    if task == "segmentation":
        return overall
    if task == "embedding":
        return partial(embedding_in, name=name)
    return partial(scores_in, name=name)
