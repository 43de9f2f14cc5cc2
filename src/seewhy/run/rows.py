"""Inputs with their targets, read a few at a time as they are needed, and put together as they can be asked about."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from ..domain.target import Asked
from ..errors import SeewhyError
from ..inputs.read import Item, Sample, read_views
from ..inputs.views import Views
from ..models.model import Model
from .batch import Job
from .questions import asks_alone
from .results import Failure
from .samples import preprocess_for

TOGETHER = 16  # photos that share one pass; their maps are kept until the last method is done
CLIPS = 4  # the same of clips: fewer, because the next ones are decoded meanwhile
NUMBERS = 2**24  # that the inputs of one pass hold at most: a single clip can be as large as 30 photos


@dataclass(frozen=True)
class Row:
    """One input with one target, ready to be asked about; a clip in several views has a sample for each."""

    item: int
    samples: tuple[Sample, ...]
    asked: Asked

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.samples[0].pixels.shape)


def groups(job: Job, rows: Iterator[Row]) -> Generator[list[Row], None, None]:
    """Neighbours of one shape that are asked about together; no more is read than the next ones."""
    for shape, same in groupby(rows, key=lambda row: row.shape):
        alone = job.views.count > 1 or asks_alone(job.model)
        most = 1 if alone else max(1, min(TOGETHER if len(shape) < 4 else CLIPS, NUMBERS // math.prod(shape)))
        while some := list(islice(same, most)):
            yield some


def read_rows(
    job: Job,
    items: Sequence[Item],
    targets: Sequence[Sequence[Asked]],
    first: tuple[Sample, ...],
    failures: dict[int, Failure],
    *,
    raising: bool,
) -> Iterator[Row]:
    """The rows of each input in turn, until the run is cancelled; one that cannot be read becomes a failure."""
    for i, (item, asked) in enumerate(zip(items, targets, strict=True)):
        if i and job.control.cancelled:
            return
        try:
            samples = (first if i == 0 else ()) or samples_of(job.model, item, job.views)
        except SeewhyError as error:
            if raising:
                raise
            failures[i] = Failure(item.name, error)
            continue
        for one in asked:
            yield Row(i, samples, one)


def samples_of(model: Model, item: Item, views: Views) -> tuple[Sample, ...]:
    """An input as the model sees it, once for each view."""
    return read_views(item, preprocess_for(model, item), views)
