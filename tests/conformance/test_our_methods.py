"""Every registered method of ours keeps what it declares, on networks whose right map is known. None is named here."""

import pytest

import seewhy
from seewhy.provable.claims import all_of
from seewhy.provable.level import levels
from seewhy.provable.subject import remembers
from seewhy.registry import load_all
from seewhy.testing.promises import AXIOMS

TESTED_BY = {
    claim: {level.name for level in levels() if claim in level.claims} for level in levels() for claim in level.claims
}


BARS = "error bars"  # asks each method hundreds of times


def methods(wanted=lambda entry: True):
    return pytest.mark.parametrize("entry", filter(wanted, load_all().values()), ids=lambda entry: entry.name)


def assert_kept(found):
    assert found.holds, [(each.level, each.number, each.bound, each.says) for each in found.failed]


@methods()
def test_a_method_keeps_all_that_it_declares(entry):
    claims = all_of(entry.axioms) | {"per-image", "counted"}
    found = seewhy.conformance(entry.name, levels={level.name for level in levels() if level.claims & claims} - {BARS})
    assert_kept(found)
    held = {each.level for each in found.outcomes if each.status == "holds"}
    for axiom in entry.axioms - {"class-specific"}:  # the contracts test that one, where a class has a layer to it
        if entry.spaces == (3,) and axiom in AXIOMS:
            continue  # that one has no level about clips: the contracts test it
        assert held & TESTED_BY[axiom], f"no level that applies to {entry.name} shows that it is {axiom}"


@pytest.mark.slow
@methods(lambda entry: entry.samples)
def test_the_error_bars_of_a_method_cover(entry):
    assert_kept(seewhy.conformance(entry.name, levels=[BARS]))


@methods(remembers)
def test_a_method_that_asks_for_scores_alone_asks_about_no_image_twice(entry):
    assert_kept(seewhy.conformance(entry.name, levels=["asked twice"]))
