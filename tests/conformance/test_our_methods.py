"""Every registered method of ours keeps what it declares, on networks whose right map is known. None is named here."""

import pytest

import seewhy
from seewhy.provable.level import levels
from seewhy.registry import load_all

TESTED_BY = {
    claim: {level.name for level in levels() if claim in level.claims} for level in levels() for claim in level.claims
}


@pytest.mark.parametrize("entry", load_all().values(), ids=lambda entry: entry.name)
def test_a_method_keeps_all_that_it_declares(entry):
    found = seewhy.conformance(entry.name, levels="claimed")
    assert found.holds, [(each.level, each.number, each.bound, each.says) for each in found.failed]
    held = {each.level for each in found.outcomes if each.status == "holds"}
    for axiom in entry.axioms - {"class-specific"}:  # the contracts test that one, where a class has a layer to it
        assert held & TESTED_BY[axiom], f"no level that applies to {entry.name} shows that it is {axiom}"
