"""A motion table in sentences: what may be concluded, always beside the numbers that it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..domain.score import KEEPS, LOSES
from ..stats.interval import Interval
from .moment import at
from .number import number, percent, signed

if TYPE_CHECKING:
    from ..run.motion_table import EditRow, MotionTable


def sentences(table: MotionTable) -> Iterator[str]:
    """The most important first."""
    answer = f"; the model answers {table.answer}" if table.answer else ""
    yield f"{table.target}: {table.scale} {number(table.whole)}{answer}."
    yield _one_frame(table)
    yield from _order(table)
    yield _speed(table)
    yield from _few(table)
    yield from _background(table)
    yield from (f"Note: {note}." for note in table.notes)


def _one_frame(table: MotionTable) -> str:
    """Whether one frame is enough; never "motion" alone, since still clips may be unlike what was learned."""
    row, best = table.row("single frames"), table.best
    assert row is not None
    when = at(table.time, table.time.begins[best])
    told = (
        f"One frame, shown all the time, gives at best {number(max(row.scores))} ({when}), on average"
        f" {number(row.score)}"
    )
    share = table.motion_share
    if share is None:
        return f"{told}; the whole clip gives no more than a guess, so nothing follows from that."
    chance = "" if table.chance is None else f", by chance {number(table.chance)}"
    numbers = f"(motion share {number(share)}; the whole clip gives {number(table.whole)}{chance})"
    if 1 - share >= KEEPS:
        return f"{told}: one frame is enough {numbers}."
    return f"{told}: not sufficient as a still clip {numbers}."


def _order(table: MotionTable) -> Iterator[str]:
    row, effect = table.row("shuffled"), table.order_effect
    assert row is not None
    backwards = table.row("backwards")
    assert backwards is not None
    orders = f"all {len(row.scores)}" if row.every else str(len(row.scores))
    told = f"Shuffled in {row.shows.split()[0]} whole segments ({orders} orders) it gives {bounded(row.interval)}"
    verdict = {"not known": "whether order counts is not known"}.get(table.order, table.order)
    yield f"{told}, a change of {signed(-effect.value)}: {verdict}.{_flipped(row)}"
    jerks = " Shuffling makes jumps, playing backwards does not: trust what both say." if effect.value else ""
    yield f"Backwards it gives {number(backwards.score)}{_called(backwards)}.{jerks}"


def _speed(table: MotionTable) -> str:
    told = {name: table.row(name) for name in ("frozen", "half speed", "double speed")}
    parts = [f"{row.shows if name == 'frozen' else 'at ' + name} {number(row.score)}{_called(row)}"
             for name, row in told.items() if row is not None]  # fmt: skip
    return f"Other edits: {', '.join(parts)}."


def _few(table: MotionTable) -> Iterator[str]:
    if table.frames is None or table.motion_share is None:
        return
    count = len(table.frames.order)
    if table.suffice is not None:
        numbers = ", ".join(str(frame + 1) for frame in sorted(table.frames.order[: table.suffice]))
        yield f"{table.suffice} of {count} frames keep {percent(KEEPS)} of it ({numbers}; others show the nearest)."
    least = f"Without the {table.needed} most useful" if table.needed else "Whichever of the most useful go, never"
    rest = f"less than {percent(LOSES)} is left" + ("." if table.needed else ": its frames are redundant.")
    yield f"{least} {rest}"


def _background(table: MotionTable) -> Iterator[str]:
    if table.row("background only") is None:
        return
    rows = [table.row(name) for name in ("background only", "actor only", "other background")]
    parts = [f"{row.name} {number(row.score)}{_called(row)}" for row in rows if row is not None]
    warning = ""
    if table.shortcut is not None:
        above = "" if table.chance is None else " above chance"
        warning = f" The background alone gives {percent(table.shortcut)} of the score{above}: it may decide."
    yield f"Background: {', '.join(parts)}.{warning}"


def _called(row: EditRow) -> str:
    """What a single edit is called, where that is something else."""
    return f" ({row.answers[0]})" if row.flips and len(row.scores) == 1 else ""


def _flipped(row: EditRow) -> str:
    return f" {row.flips} of {len(row.scores)} flip the answer." if row.flips else ""


def bounded(interval: Interval) -> str:
    """A mean with its interval, where there is one."""
    if not interval.known or interval.low == interval.high:
        return number(interval.value)
    return f"{number(interval.value)} [{number(interval.low)}, {number(interval.high)}]"
