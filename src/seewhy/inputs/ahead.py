"""Reading and working at the same time: the next thing is made in the background."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")


def ahead(things: Iterator[A]) -> Generator[A, None, None]:
    """The same things in the same order; while one is worked on, another thread makes the next one, and no more.

    What making one raises is raised where that one would have come.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="seewhy-ahead") as maker:
        coming = maker.submit(next, things, None)
        while (thing := coming.result()) is not None:
            coming = maker.submit(next, things, None)
            yield thing
