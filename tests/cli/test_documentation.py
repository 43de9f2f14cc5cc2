"""Every command and every option has help and is in the guide; so is every exit code."""

import re
from pathlib import Path

import typer

from seewhy.cli import exits
from seewhy.cli.flags import MEANING, OWN
from seewhy.cli.main import app
from seewhy.registry import facts

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "command-line.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app).commands


def test_every_command_has_help_and_a_section_in_the_guide():
    assert len(COMMANDS) >= 9
    for name, command in COMMANDS.items():
        assert command.help
        assert f"\n## seewhy {name}" in GUIDE, name


def test_every_argument_and_option_has_help_and_is_in_the_guide():
    for name, command in COMMANDS.items():
        for parameter in command.params:
            assert parameter.help, (name, parameter.name)
            for flag in (opt for opt in parameter.opts if opt.startswith("--")):
                assert f"`{flag}`" in GUIDE or f"`{flag} " in GUIDE, (name, flag)


def test_every_option_of_a_method_has_a_meaning_in_words():
    used = {name for method in facts().values() for name in method.options}
    assert used - OWN == set(MEANING)


def test_the_guide_names_no_option_that_does_not_exist():
    known = {opt for command in COMMANDS.values() for parameter in command.params for opt in parameter.opts}
    assert set(re.findall(r"`(--[a-z-]+)", GUIDE)) <= {*known, "--version", "--help"}


def test_every_exit_code_is_in_the_guide():
    codes = {value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)}
    for code in codes:
        assert f"\n| {code} |" in GUIDE
