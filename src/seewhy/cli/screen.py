"""What appears on the terminal: data on stdout, words on stderr, and nothing that a name could smuggle in."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from ..errors import SeewhyError

VERDICTS = {
    "good": ("✓ passed", "green"),
    "warning": ("! warning", "yellow"),
    "bad": ("✗ failed", "red"),
    "info": ("· note", "dim"),
    "not run": ("– not run", "dim"),
}


class Terminal(Console):
    """A console that leaves the end of a pipe to `main`, which knows the exit code."""

    def on_broken_pipe(self) -> None:
        """The reader of stdout went away."""
        raise BrokenPipeError


def out() -> Console:
    """The console for results; colours only on a terminal and without NO_COLOR."""
    return Terminal(file=sys.stdout, markup=False, highlight=False, emoji=False, soft_wrap=False)


def err() -> Console:
    """The console for progress and troubles."""
    return Terminal(file=sys.stderr, markup=False, highlight=False, emoji=False, soft_wrap=True)


def clean(text: object) -> str:
    """Text whose control and direction characters are spelled out: a file or class name cannot steer the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in str(text))


def words(text: object, style: str = "") -> Text:
    """Text that is shown as it is, markup brackets included."""
    return Text(clean(text), style=style)


def tell(text: str) -> None:
    """Sentences on stdout, each line as it is."""
    for line in text.split("\n"):
        out().print(words(line))


def wrote(*files: object) -> None:
    """Which files were written; a long path is not broken."""
    for file in files:
        out().print(words(f"wrote {file}"), soft_wrap=True)


def verdict(name: str) -> Text:
    """Symbol and word of a check's verdict, never colour alone."""
    return words(*VERDICTS[name])


def print_json(document: dict[str, Any]) -> None:
    """One JSON document on stdout; ASCII only, so that it is the same in every locale."""
    sys.stdout.write(json.dumps(document, indent=1) + "\n")


def print_error(error: SeewhyError, *, about: str = "") -> None:
    """The two lines of an error on stderr."""
    subject = f"{about}: " if about else ""
    err().print(words(subject + error.lines()))


def error_json(error: SeewhyError) -> dict[str, str]:
    """An error as `--json` gives it."""
    return {"code": error.code, "problem": error.problem, "fix": error.fix}
