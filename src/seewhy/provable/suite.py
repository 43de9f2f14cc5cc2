"""The verb `conformance`: every level asked of one explainer, each answer measured and judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ..errors import (
    BadOption,
    MissingCapability,
    MissingPackage,
    NoAttention,
    NoSuitableLayer,
    SeewhyError,
    near,
)
from .asker import Asker
from .level import Level, levels
from .subject import Subject, subject_of

Status = Literal["holds", "fails", "does not hold", "does not apply", "crashed"]
OUT_OF_REACH = (NotImplementedError, MissingCapability, NoSuitableLayer, NoAttention, MissingPackage)


@dataclass(frozen=True)
class Outcome:
    """What one level found."""

    code: str
    level: str
    expects: str
    status: Status
    claimed: bool  # a level that is claimed fails when it does not hold
    number: float | None
    bound: str
    says: str = ""  # a remark, or why the level does not apply or crashed

    @property
    def failed(self) -> bool:
        return self.status == "fails" or (self.claimed and self.status == "crashed")


@dataclass(frozen=True)
class Conformance:
    """Which claims of an explainer hold."""

    explainer: str
    claims: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Levels that were claimed and do not hold."""
        return tuple(outcome for outcome in self.outcomes if outcome.failed)

    @property
    def holds(self) -> bool:
        """Whether everything that is claimed holds."""
        return not self.failed

    def __getitem__(self, level: str) -> Outcome:
        return next(outcome for outcome in self.outcomes if outcome.level == level)

    def to_json(self) -> dict[str, Any]:
        """Plain data, as docs/guide/conformance.md describes it."""
        return {
            "explainer": self.explainer,
            "claims": list(self.claims),
            "options": {name: repr(value) for name, value in self.options.items()},
            "holds": self.holds,
            "levels": [asdict(outcome) for outcome in self.outcomes],
        }

    def __str__(self) -> str:
        rows = [f"{o.code:<4} {o.level:<22} {o.status:<15} {_number(o)}" for o in self.outcomes]
        return "\n".join([self.explainer, *rows])


def conformance(
    explainer: Any,
    *,
    claims: Iterable[str] | None = None,
    levels: Iterable[str] | Literal["all", "claimed"] = "all",
    seed: int = 0,
    **options: Any,
) -> Conformance:
    """Put an explainer to questions whose right answers are known.

    `explainer` is the name of a method, of a peer's (`captum:IntegratedGradients`), `file.py:function`, or a function
    of (network, images (b, c, *space), targets) that answers maps (b, *space). `claims` are what it promises; what is
    claimed and does not hold fails. `levels` are codes or names, all, or only those that are claimed.
    """
    subject = subject_of(explainer, claims, options)
    asker = Asker(subject, seed)
    outcomes = tuple(_outcome(asker, level) for level in _chosen(levels, subject))
    return Conformance(subject.name, tuple(sorted(subject.claims)), outcomes, options)


def _chosen(wanted: Iterable[str] | str, subject: Subject) -> Sequence[Level]:
    known = levels()
    if wanted == "all":
        return known
    if wanted == "claimed":
        return [level for level in known if level.claims & subject.claims]
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    for name in names:
        if not any(name in (level.code, level.name) for level in known):
            words = list(dict.fromkeys(word for level in known for word in (level.code, level.name)))
            raise BadOption(f"There is no level {name!r}.{near(name, words)}", fix=f"choose among: {', '.join(words)}.")
    return [level for level in known if level.code in names or level.name in names]


def _outcome(asker: Asker, level: Level) -> Outcome:
    claimed = bool(level.claims & asker.subject.claims)

    def told(status: Status, number: float | None, says: str) -> Outcome:
        return Outcome(level.code, level.name, level.expects, status, claimed, number, level.bound, says)

    try:
        found = level.measure(asker)
    except OUT_OF_REACH as error:
        return told("does not apply", None, _line(error))
    except Exception as error:  # an explainer may raise whatever it likes: the other levels go on
        return told("crashed", None, f"{type(error).__name__}: {_line(error)}")
    number, says = found if isinstance(found, tuple) else (found, "")
    status: Status = "holds" if level.holds(number) else "fails" if claimed else "does not hold"
    return told(status, float(number), says)


def _line(error: BaseException) -> str:
    text = error.problem if isinstance(error, SeewhyError) else str(error)
    return (text.splitlines() or [""])[0]


def _number(outcome: Outcome) -> str:
    measured = outcome.says if outcome.number is None else f"{outcome.number:.3g} ({outcome.bound})"
    return measured if outcome.number is None or not outcome.says else f"{measured} {outcome.says}"
