"""Options: kinds that can be written down, and one word per idea."""

import re
from pathlib import Path

import pytest

from seewhy.registry import load_all
from seewhy.testing.contracts import check_options

VOCABULARY = Path(__file__).parents[2] / "docs/concepts/vocabulary.md"
ENTRIES = list(load_all().values())


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_options_are_of_kinds_that_can_be_written_down(entry):
    check_options(entry)


def test_every_option_is_a_word_of_the_vocabulary():
    assert VOCABULARY.exists(), f"{VOCABULARY.name} is missing: it lists every option name in `backticks`"
    known = set(re.findall(r"`(\w+)(?:=[^`]*)?`", VOCABULARY.read_text(encoding="utf-8")))
    unknown = {name: entry.name for entry in ENTRIES for name in entry.options if name not in known}
    assert not unknown, f"not in docs/concepts/vocabulary.md: {unknown}"
