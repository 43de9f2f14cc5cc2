"""A level: one question with a provable answer, what must be claimed for it to be due, and how exact it must be."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from .asker import Asker

Found: TypeAlias = "float | tuple[float, str]"  # the measured number, with a remark where there is one
Measure: TypeAlias = "Callable[[Asker], Found]"
_LEVELS: list[Level] = []


@dataclass(frozen=True)
class Level:
    """One question to an explainer."""

    code: str
    name: str
    claims: frozenset[str]  # any of them makes the answer due
    measure: Measure
    limit: float
    at_least: bool  # the number must reach the limit; otherwise it must not exceed it

    @property
    def expects(self) -> str:
        return (inspect.getdoc(self.measure) or "").split("\n")[0]

    def holds(self, number: float) -> bool:
        return number >= self.limit if self.at_least else number <= self.limit

    @property
    def bound(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"


def level(
    code: str, name: str, *claims: str, most: float | None = None, least: float | None = None
) -> Callable[[Measure], Measure]:
    """Register `f(asker) -> number`; its docstring says what is expected."""

    def register(measure: Measure) -> Measure:
        limit = most if least is None else least
        assert limit is not None, "a level without a limit proves nothing"
        _LEVELS.append(Level(code, name, frozenset(claims), measure, limit, least is not None))
        return measure

    return register


@functools.cache
def levels() -> tuple[Level, ...]:
    """Every level, in the order of their codes."""
    package = importlib.import_module("seewhy.provable.levels")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return tuple(sorted(_LEVELS, key=lambda one: (one.code[0], int(one.code[1:]))))
