"""One run's meter and reins: what was spent, how far it is, whether to stop."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..domain.cost import Cost
from ..errors import Cancelled

Progress = Callable[[int, int], None]  # model calls done, model calls expected


@dataclass
class Control:
    """Counts model calls, reports progress and carries the wish to stop."""

    expected: int = 0  # for progress only
    progress: Progress | None = None
    spent: Cost = field(default_factory=Cost)
    checked: Cost = field(default_factory=Cost)  # the part of it that only served checks
    wish: threading.Event = field(default_factory=threading.Event)
    share: int | None = None  # calls that one method may spend on one image
    allowance: int | None = None  # what is left of it
    ran: Counter[str] = field(default_factory=Counter)  # forward passes by what ran them
    precise: bool = False  # something was computed in float32 although less was asked for
    _checking: bool = False

    def pay(self, cost: Cost, by: str = "plain") -> None:
        """Enter calls that were made, and what made them."""
        self.spent += cost
        self.ran[by] += cost.forward
        if self._checking:
            self.checked += cost
        elif self.allowance is not None:
            self.allowance -= cost.calls
        if self.progress is not None:
            self.progress(self.spent.calls, max(self.expected, self.spent.calls))

    def since(self, before: Cost) -> Cost:
        """What was spent since an earlier reading of the meter."""
        return self.spent.minus(before)

    def affords(self, calls: int) -> int:
        """How many units of so many calls the budget still pays for."""
        return sys.maxsize if self.allowance is None else max(0, self.allowance // calls)

    def start(self) -> None:
        """The method turns to its next image."""
        self.allowance = self.share

    @contextmanager
    def checking(self) -> Iterator[None]:
        """Calls inside serve a check, not the explanation itself."""
        before, self._checking = self._checking, True
        try:
            yield
        finally:
            self._checking = before

    def check(self) -> None:
        """Raise where nothing partial can be kept."""
        if self.wish.is_set():
            raise Cancelled("The run was cancelled.", fix="start it again; sampling methods keep what they have.")

    def cancel(self) -> None:
        """Ask the run to stop at the next chance."""
        self.wish.set()

    @property
    def cancelled(self) -> bool:
        return self.wish.is_set()
