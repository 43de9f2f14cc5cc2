"""Promises about several methods and many runs: shared passes change nothing and save calls; nothing piles up."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..engine.control import Control
from ..registry import Entry
from .asking import Case, ask_all, assert_close, step_of


def check_together(entries: Sequence[Entry], case: Case) -> None:
    """Methods asked for together give what they give alone, with fewer model calls."""
    steps, images, shared, apart = [step_of(entry, case.axes) for entry in entries], case.images(), Control(), 0
    together = ask_all(steps, case.build(), images, control=shared)
    for i, step in enumerate(steps):
        control = Control()
        single = ask_all([step], case.build(), images, control=control)
        apart += control.spent.calls
        for row, expected in zip(together, single, strict=True):
            asked, alone = row[i].target, expected[0].target
            assert (asked.label, asked.scale) == (alone.label, alone.scale)
            what = f"{step.entry.name} together and alone"
            assert_close(row[i].values, expected[0].values, 1e-6, beside=alone.score, what=what)
    assert shared.spent.calls < apart


@dataclass(frozen=True)
class Growth:
    """What came on top between two readings of memory."""

    objects: int
    bytes: int


def growth(call: Callable[[], object], calls: int, *, warm: int) -> Growth:
    """Python objects and bytes that stay behind after `calls` calls, the first `warm` ones not counted."""
    for _ in range(warm):
        call()
    before = _reading()
    for _ in range(calls - warm):
        call()
    after = _reading()
    return Growth(after[0] - before[0], after[1] - before[1])


def check_memory(entries: Sequence[Entry], case: Case, *, calls: int) -> Growth:
    """Nothing stays behind: one model asked again and again, every method in turn."""
    model, images, turn = case.model(), case.images(1), itertools.cycle(entries)
    found = growth(lambda: _ask_small(next(turn), model, images, case), calls, warm=max(calls // 5, 2 * len(entries)))
    assert found.objects < calls // len(entries) // 2, f"{found.objects} objects stay behind after {calls} calls"
    assert found.bytes < 16 << 20, f"{found.bytes} bytes stay behind after {calls} calls"
    return found


def _ask_small(entry: Entry, model: object, images: object, case: Case) -> None:
    step = step_of(entry, case.axes, {"samples": 36, "window": 12, "stride": 12, "steps": 2})
    ask_all([step], model, images)  # type: ignore[arg-type]


def _reading() -> tuple[int, int]:
    gc.collect()
    with open("/proc/self/statm") as pages:  # resident, now; the standard library only knows the peak
        return len(gc.get_objects()), int(pages.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
