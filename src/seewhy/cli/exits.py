"""Exit codes: what a script can tell from them."""

from __future__ import annotations

from ..errors import (
    Cancelled,
    DamagedExplanation,
    QuestionError,
    SeewhyError,
    UnknownLayer,
)

OK = 0
PARTIAL = 1  # some input failed, cancelled with partial results, `doctor` found something broken, a claim does not hold
USAGE = 2  # unknown command, option, method, class, layer or value
UNUSABLE = 3  # the model, the input, an optional package or the place for output cannot be used
DAMAGED = 4  # a saved explanation is incomplete or was altered
INTERNAL = 70  # a mistake in seewhy
CANCELLED = 130  # Ctrl-C before anything could be kept
PIPE = 141  # the reader of stdout went away


class UsageError(SeewhyError):
    """The command line itself does not make sense."""

    code = "usage"


class InternalError(SeewhyError):
    """Something went wrong that is not the person's fault."""

    code = "internal-error"


def code_of(error: SeewhyError) -> int:
    """The exit code that an error leads to."""
    kinds: tuple[tuple[type[SeewhyError] | tuple[type[SeewhyError], ...], int], ...] = (
        (Cancelled, CANCELLED),
        (DamagedExplanation, DAMAGED),
        ((UsageError, QuestionError, UnknownLayer), USAGE),
        (InternalError, INTERNAL),
    )
    return next((code for kind, code in kinds if isinstance(error, kind)), UNUSABLE)
