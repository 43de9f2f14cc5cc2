"""The stop rule of every sampling method: precise enough, out of samples, out of budget, or cancelled."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..domain.evidence import Sampling
from ..domain.ranges import positive
from ..domain.tolerance import Anytime, Tolerance, halfwidth_of
from ..errors import BadOption, BudgetTooSmall, Cancelled
from .estimate import Estimate

if TYPE_CHECKING:
    from .control import Control

FEWEST = 30  # units before an error bar may stop the sampling; below, intervals are too narrow


def sample(
    control: Control,
    draw: Callable[[int], None],
    estimate: Callable[[], Estimate],
    *,
    units: int,
    calls: int,
    unit: str,
    tolerance: Tolerance,
    least: int = 2,
    batch: int = 16,
) -> tuple[Estimate, Sampling]:
    """Draw units of `calls` model calls each until the widest half-width is below `tolerance` of the map's range.

    A tolerance of 0 draws them all. `Anytime` makes the band one that holds at all looks, from `FEWEST` units on.

    `draw(n)` adds n units, `estimate()` reads what was added, `least` units are needed to say anything.
    """
    limit, anytime = halfwidth_of(tolerance), isinstance(tolerance, Anytime)
    positive("tolerance", limit, or_zero=True)
    if units < least:
        enough = Sampling(least, unit, "samples").samples
        raise BadOption(f"{units} {unit} are too few: {least} are needed.", fix=f"raise samples to at least {enough}.")
    done, stop, last = 0, "samples", None

    def look() -> Estimate:
        found = estimate()
        return found.at_all_times(done, tuned=math.sqrt(FEWEST * units)) if anytime else found

    while done < units:
        step = min(batch, units - done, control.affords(calls))
        if step <= 0:
            stop = "budget"
            break
        try:
            draw(step)
        except (KeyboardInterrupt, Cancelled):
            control.cancel()
        else:
            done += step
        if control.cancelled:
            stop = "cancelled"
            break
        if limit > 0 and done >= max(FEWEST, least):
            last = look()
            if last.halfwidth <= limit:
                stop = "converged"
                break
    _enough(done, least, unit, stop, calls)
    final = last if last is not None and stop in ("converged", "samples") else look()
    return final, Sampling(done, unit, stop, final.halfwidth, limit, anytime)


def _enough(done: int, least: int, unit: str, stop: str, calls: int) -> None:
    if done >= least:
        return
    if stop == "cancelled":
        raise Cancelled(
            f"Cancelled after {done} of the {least} {unit} that are needed to say anything.",
            fix="let it run a little longer.",
        )
    raise BudgetTooSmall(
        f"The budget paid for {done} of the {least} {unit} that are needed to say anything.",
        fix=f"raise the budget by at least {(least - done) * calls} model calls, or ask for fewer regions.",
    )
