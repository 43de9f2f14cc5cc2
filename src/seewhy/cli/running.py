"""A run on the terminal: progress with time left, and Ctrl-C that keeps what was computed."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from .screen import err

if TYPE_CHECKING:
    from ..engine.control import Control

EVERY = 5.0  # seconds between lines of progress
STOPPING = b"\nStopping; what was computed is kept. Ctrl-C again stops at once.\n"


@contextmanager
def controlled(*, progress: bool, quiet: bool) -> Iterator[Control]:
    """The reins of one run."""
    from ..engine.control import Control

    control = Control()
    shown = progress or sys.stderr.isatty()
    with _cancelling(control):
        if shown and not quiet:
            with _bar(control) if sys.stderr.isatty() else _lines(control):
                yield control
        else:
            yield control


@contextmanager
def _cancelling(control: Control) -> Iterator[None]:
    """The first Ctrl-C asks the run to stop, the second one stops it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if control.cancelled:
            raise KeyboardInterrupt
        control.cancel()
        os.write(2, STOPPING)  # print() is not safe in a signal handler

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _bar(control: Control) -> Iterator[None]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
    from rich.text import Text

    class Left(ProgressColumn):
        """Time left in words, as soon as it can be told."""

        def render(self, task: Task) -> Text:
            seconds = task.time_remaining
            return Text("" if seconds is None else f"about {seconds:.0f} s left")

    columns = TextColumn("asking the model"), BarColumn(), MofNCompleteColumn(), TextColumn("calls"), Left()
    with Progress(*columns, console=err(), transient=True) as bar:
        task = bar.add_task("", total=None)
        control.progress = lambda done, expected: bar.update(task, completed=done, total=expected)
        yield


@contextmanager
def _lines(control: Control) -> Iterator[None]:
    """Progress for a log file: a line now and then."""
    started = time.monotonic()
    due = started

    def tell(done: int, expected: int) -> None:
        nonlocal due
        now = time.monotonic()
        if now >= due:
            left = (now - started) / done * (expected - done)
            err().print(f"asking the model: {done} of {expected} calls, about {left:.0f} s left")
            due = now + EVERY

    control.progress = tell
    yield
