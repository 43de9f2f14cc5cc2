"""The command `seewhy`: finds the command, turns what goes wrong into two lines and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from .. import __version__
from ..errors import Cancelled, SeewhyError
from . import exits, screen
from .audit import audit
from .card import card
from .compare import compare
from .conformance import conformance
from .cost import cost
from .demo import demo
from .doctor import doctor
from .explain import explain
from .joined import joined
from .layers import layers
from .methods import methods
from .metrics import metrics
from .motion import motion
from .overview import overview
from .recommend import recommend
from .show import show

TRACEBACK = "SEEWHY_TRACEBACK"
app = typer.Typer(
    name="seewhy",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
JUDGE = (audit, recommend, conformance)
ABOUT = (methods, metrics, layers, card, cost, doctor)
for command in (explain, compare, *JUDGE, overview, motion, joined, show, *ABOUT, demo):
    app.command()(command)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"seewhy {__version__}")
        raise typer.Exit


@app.callback()
def seewhy(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = (
        False
    ),
) -> None:
    """See why a vision model decided, know how far to trust the answer, and find out what to fix."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """The entry point of the command."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a symbol must not end the run
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line; whatever happens becomes an exit code."""
    try:
        code = app(list(arguments), standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else exits.OK
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that closing it stays quiet
        return exits.PIPE
    except (KeyboardInterrupt, typer.Abort):
        error: SeewhyError = Cancelled("The run was cancelled before anything could be kept.", fix="start it again.")
    except SeewhyError as known:
        error = known
    except Exception as unknown:
        if os.environ.get(TRACEBACK):
            raise
        error = _as_ours(unknown, arguments)
    if "--json" in arguments:
        screen.print_json({"error": screen.error_json(error)})
    screen.print_error(error)
    return exits.code_of(error)


def _as_ours(error: Exception, arguments: Sequence[str]) -> SeewhyError:
    """An error of the command line, or a mistake of seewhy."""
    if isinstance(error, CLICK_ERROR):
        command = next((f" {name}" for name in arguments if name in COMMANDS), "")
        problem = str(error.format_message()).replace("\n", " ").replace("Value error, ", "")
        problem += "" if problem.endswith((".", "?", "!")) else "."
        return exits.UsageError(problem, fix=f"see `seewhy{command} --help`.")
    first = (str(error).splitlines() or [""])[0]
    return exits.InternalError(
        f"{type(error).__name__}: {first}",
        fix=f"this is a mistake in seewhy; set {TRACEBACK}=1 to see where it happened, and report it.",
    )


# Newer typer brings its own click, so the class is found instead of imported.
CLICK_ERROR: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
COMMANDS = [command.callback.__name__ for command in app.registered_commands if command.callback]
