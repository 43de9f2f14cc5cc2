"""Lists of explanations, and what stands in a list where an input failed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..domain.cost import Cost
from ..errors import Cancelled, SeewhyError
from ..explanation import Explanation


@dataclass(frozen=True)
class Failure:
    """An input that could not be explained; using it raises its error."""

    name: str
    error: SeewhyError

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise self.error

    def __getitem__(self, key: object) -> Any:
        raise self.error


def cancelled(name: str) -> Failure:
    """What stands for an input that was not reached."""
    problem = "The run was cancelled before this input."
    return Failure(name, Cancelled(problem, fix="run it again on the inputs that are missing."))


class Explanations(list[Any]):
    """A list that also finds its explanations by method name."""

    def __init__(self, items: Iterable[Any], *, cost: Cost | None = None) -> None:
        super().__init__(items)
        self.cost: Cost = cost or sum((item.cost for item in self if not isinstance(item, Failure)), Cost())

    @property
    def failures(self) -> list[Failure]:
        """The inputs that failed."""
        return [item for item in self if isinstance(item, Failure)]

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, str):
            return super().__getitem__(key)
        for item in self:
            first = item[0] if isinstance(item, Explanations) else item
            if isinstance(first, Explanation) and first.origin.method == key:
                return item
        raise KeyError(key)

    def _repr_html_(self) -> str:
        return "".join(item._repr_html_() for item in self if isinstance(item, Explanation | Explanations))
