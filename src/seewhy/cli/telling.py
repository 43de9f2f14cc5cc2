"""An explanation in a few lines: the decision, what speaks for and against it, the checks, the cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .screen import verdict, words

if TYPE_CHECKING:
    from ..domain.check import Check
    from ..explanation import Explanation


def photo(explanations: Sequence[Explanation]) -> RenderableType:
    """All that was asked about one photo."""
    rows: list[RenderableType] = [decision(explanations[0])]
    for explanation in explanations:
        rows += [Text(), question(explanation), Padding(evidence(explanation), (0, 0, 0, 2))]
    return Group(*rows, Text())


def decision(explanation: Explanation) -> RenderableType:
    """What the model answered, with its runners-up, and which frames of a clip it was shown."""
    answer = _answer(explanation)
    if explanation.geometry.time is None:
        return answer
    return Group(answer, *(Padding(words(note, "dim"), (0, 0, 0, 2)) for note in explanation.picture.notes))


def _answer(explanation: Explanation) -> RenderableType:
    from ..render.answer import measure

    prediction = explanation.prediction
    if not prediction.top:
        return words(explanation.picture.name, "bold") + words("  →  ") + words("nothing found", "bold cyan")
    first, *rest = prediction.top
    head = words(explanation.picture.name, "bold") + words("  →  ")
    head += words(first.label, "bold cyan") + words(f"  {measure(prediction, first)}", "bold")
    if not rest:
        return head
    others = "  ·  ".join(f"{rank.label} {measure(prediction, rank)}" for rank in rest[:2])
    return Group(head, Padding(words(f"next: {others}", "dim"), (0, 0, 0, 2)))


def question(explanation: Explanation) -> Text:
    """Method, target and score on one line."""
    from ..render.number import number
    from ..render.text import named

    target = explanation.target
    line = words(explanation.origin.method, "bold") + words(f"  {named(explanation)}")
    return line + words(f"  {target.scale} {number(target.score)}")


def evidence(explanation: Explanation) -> Table:
    """Reasons, checks and cost in two columns, each wrapped within its own."""
    from ..render.ranking import when
    from ..render.text import for_and_against

    speaking, against = for_and_against(explanation)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True, min_width=9)
    table.add_column(overflow="fold")
    signed = explanation.signed
    best = "for" if signed else "stands out" if explanation.class_blind else "matters"
    for label, rows in ((best, speaking), ("against", against)):
        for i, row in enumerate(rows or (["nothing"] if label != "against" or signed else [])):
            table.add_row(label if i == 0 else "", words(row))
    for i, row in enumerate(when(explanation)):
        table.add_row("when" if i == 0 else "", words(row))
    for shown, line in checks(explanation.checks):
        table.add_row(shown, line)
    table.add_row("cost", words(f"{explanation.cost}, {seconds(explanation.seconds)}"))
    return table


def checks(found: Sequence[Check]) -> list[tuple[Text, Text]]:
    """Those that passed by name, the others with what they mean; the worst first."""
    order = ["bad", "warning", "not run", "info"]
    rows = [
        (verdict(check.verdict), words(f"{check.name}: {check.message}"))
        for check in sorted((c for c in found if c.verdict != "good"), key=lambda c: order.index(c.verdict))
    ]
    passed = [check.name for check in found if check.verdict == "good"]
    return [(verdict("good"), words(", ".join(passed))), *rows] if passed else rows


def seconds(duration: float) -> str:
    """A duration with two digits."""
    if duration < 0.01:
        return "under 0.01 s"
    return f"{duration:.2g} s" if duration < 99.5 else f"{duration:.0f} s"
